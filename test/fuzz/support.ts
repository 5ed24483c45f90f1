import fc, { type Parameters } from 'fast-check';

/**
 * How often a property is tried: `FUZZ_RUNS` times, else as often as there is time for in every test run. What fails
 * is told with its seed and path, by which it can be tried again.
 */
export function runs(short: number): Parameters<unknown> {
  return { numRuns: Number(process.env['FUZZ_RUNS'] || short) };
}

/** For tests that take long where `FUZZ_RUNS` is high. */
export const PATIENCE_MS = process.env['FUZZ_RUNS'] ? 3_600_000 : 20_000;

/** Text out of pieces, given with bars between: it is nearer to what parses than characters by chance are. */
export const soup = (pieces: string): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces.split('|')), { maxLength: 16 }).map((parts) => parts.join(''));

/** What Node lets into a header field: visible characters of Latin-1, spaces and tabs. */
export const fieldValue = fc
  .string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .map((code) => (code === 0x7f ? '\t' : String.fromCharCode(code))),
  })
  .map((value) => value.trim());
