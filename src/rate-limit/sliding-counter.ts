/**
 * Sliding windows by two buckets: the current one, and the previous one weighted by how much of it the window
 * still covers. Buckets are counted from a subject's first request, so that subjects do not all reset at once;
 * `age` is the number of milliseconds since then.
 *
 * The counters of a subject lie side by side in one array of small integers, because there may be a million
 * subjects: `[bucket, current, previous]` for each window, the window's at `at`.
 */
export type Counters = number[];

/** Array elements for each window. */
export const COUNTER_SIZE = 3;

/** Moves to the bucket of `age`. Time that goes back changes nothing. */
export function advance(counters: Counters, at: number, age: number, windowMs: number): void {
  const now = Math.floor(age / windowMs);
  const bucket = counters[at] as number;
  if (now <= bucket) return;
  counters[at + 2] = now === bucket + 1 ? (counters[at + 1] as number) : 0;
  counters[at + 1] = 0;
  counters[at] = now;
}

/** Milliseconds until the current bucket ends. */
export function untilReset(counters: Counters, at: number, age: number, windowMs: number): number {
  return Math.min(windowMs, ((counters[at] as number) + 1) * windowMs - age);
}

/** What the window that ends at `age` holds. */
export function used(counters: Counters, at: number, age: number, windowMs: number): number {
  const left = untilReset(counters, at, age, windowMs);
  return (counters[at + 1] as number) + ((counters[at + 2] as number) * left) / windowMs;
}

/** Adds, or with a negative amount gives back, never below nothing. */
export function add(counters: Counters, at: number, amount: number): void {
  const current = (counters[at + 1] as number) + amount;
  counters[at + 1] = Math.max(0, current);
  if (current < 0) counters[at + 2] = Math.max(0, (counters[at + 2] as number) + current);
}

/** Milliseconds until `amount` more would fit under `limit`; Infinity if it never does. */
export function untilFits(
  counters: Counters,
  at: number,
  age: number,
  windowMs: number,
  limit: number,
  amount: number,
): number {
  const room = limit - amount;
  if (room < 0) return Number.POSITIVE_INFINITY;
  const left = untilReset(counters, at, age, windowMs);
  const current = counters[at + 1] as number;
  if (current > room) return left + windowMs - (room / current) * windowMs;
  const previous = counters[at + 2] as number;
  return previous === 0 ? 0 : Math.max(0, left - ((room - current) / previous) * windowMs);
}
