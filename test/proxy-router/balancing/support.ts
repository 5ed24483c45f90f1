import fc from 'fast-check';
import type { Balancer, Candidate } from '../../../src/proxy-router/balancer.js';

/** A candidate whose state a test can change. */
export type Mutable = { -readonly [Field in keyof Candidate]: Candidate[Field] };

/** Candidates a, b, c... of these weights, idle and never heard from. */
export function candidates(...weights: readonly number[]): Mutable[] {
  return weights.map((weight, at) => ({
    id: String.fromCharCode(97 + at),
    weight,
    outstanding: 0,
    latencyMs: 0,
  }));
}

/** Numbers from 0 up to 1 that are the same in each run: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return function random() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What share of so many choices falls on each target, by id. */
export function shares(
  balancer: Balancer,
  among: readonly Candidate[],
  count: number,
  keyOf?: (at: number) => string,
): Record<string, number> {
  const result: Record<string, number> = {};
  for (const { id } of among) result[id] = 0;
  for (let at = 0; at < count; at++) {
    const { id } = balancer.choose(among, keyOf?.(at));
    result[id] = (result[id] ?? 0) + 1 / count;
  }
  return result;
}

/** How far the shares are from those of the weights, at most. */
export function deviation(found: Record<string, number>, among: readonly Candidate[]): number {
  const total = among.reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(...among.map(({ id, weight }) => Math.abs((found[id] ?? 0) - weight / total)));
}

/** Any sets of candidates, as a balancer may be given them one after the other. */
export const candidateSets: fc.Arbitrary<Mutable[][]> = fc.array(
  fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...'abcdefgh'),
      weight: fc.integer({ min: 1, max: 10_000 }).map((hundredths) => hundredths / 100),
      outstanding: fc.nat(1000),
      latencyMs: fc.nat(100_000),
    }),
    { selector: ({ id }) => id, minLength: 1 },
  ),
  { minLength: 1, maxLength: 10 },
);
