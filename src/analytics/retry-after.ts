/**
 * How long a receiver wants to be left alone, by its `Retry-After` (RFC 9110, section 10.2.3): seconds or a date.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds, or undefined where it says nothing that can be read
 */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
