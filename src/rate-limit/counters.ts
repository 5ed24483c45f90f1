import type { Micros } from '../core/money.js';
import { ceilingOf } from './decision.js';
import type { QuotaWindow } from './quota-store.js';

/**
 * The counters of a subject, side by side in one array of small numbers, because there may be a million subjects:
 * three for each window, at a place of its own. `age` is the number of milliseconds since the subject's first
 * request, from which buckets are counted, so that subjects do not all reset at once.
 *
 * A sliding window has two buckets, `[bucket, current, previous]`: the previous one counts by how much of it the
 * window still covers. A token bucket has `[age, level, -]`, its level being what was taken and not yet refilled.
 */
export type Counters = number[];

/** Array elements for each window. */
export const COUNTER_SIZE = 3;

/** Lets time pass. Time that goes back changes nothing. */
export function advance(counters: Counters, at: number, window: QuotaWindow, age: number): void {
  const last = counters[at] as number;
  if (window.capacity !== undefined) {
    if (age <= last) return;
    const refilled = ((age - last) * window.limit) / window.windowMs;
    counters[at + 1] = Math.max(0, (counters[at + 1] as number) - refilled);
    counters[at] = age;
    return;
  }
  const bucket = Math.floor(age / window.windowMs);
  if (bucket <= last) return;
  counters[at + 2] = bucket === last + 1 ? (counters[at + 1] as number) : 0;
  counters[at + 1] = 0;
  counters[at] = bucket;
}

/** What is used at `age`, after `advance`. */
export function used(counters: Counters, at: number, window: QuotaWindow, age: number): number {
  const current = counters[at + 1] as number;
  if (window.capacity !== undefined) return current;
  return current + ((counters[at + 2] as number) * left(counters, at, window, age)) / window.windowMs;
}

/** Adds, or with a negative amount gives back, never below nothing. */
export function add(counters: Counters, at: number, amount: number): void {
  const current = (counters[at + 1] as number) + amount;
  counters[at + 1] = Math.max(0, current);
  if (current < 0) counters[at + 2] = Math.max(0, (counters[at + 2] as number) + current);
}

/** What a settlement adds. Nothing costs less than nothing, and what is no amount of money corrects nothing. */
export function correction(estimated: Micros, actual: Micros): Micros {
  return Number.isFinite(actual) ? Math.max(0, actual) - estimated : 0;
}

/** Whole milliseconds until the current bucket ends, or the token bucket is full. */
export function untilReset(counters: Counters, at: number, window: QuotaWindow, age: number): number {
  if (window.capacity === undefined) return left(counters, at, window, age);
  return Math.ceil(((counters[at + 1] as number) * window.windowMs) / window.limit);
}

/** Whole milliseconds, at least 1, until `amount` more fits; 0 if it does, Infinity if it never will. */
export function untilFits(
  counters: Counters,
  at: number,
  window: QuotaWindow,
  age: number,
  amount: number,
): number {
  const room = ceilingOf(window) - amount;
  if (room < 0) return Number.POSITIVE_INFINITY;
  const over = used(counters, at, window, age) - room;
  if (over <= 0) return 0;
  const { windowMs, limit } = window;
  if (window.capacity !== undefined) return Math.max(1, Math.ceil((over * windowMs) / limit));
  const current = counters[at + 1] as number;
  const rest = left(counters, at, window, age);
  if (current > room) return Math.max(1, Math.ceil(rest + windowMs - (room * windowMs) / current));
  return Math.max(1, Math.ceil(rest - ((room - current) * windowMs) / (counters[at + 2] as number)));
}

function left(counters: Counters, at: number, { windowMs }: QuotaWindow, age: number): number {
  return Math.min(windowMs, ((counters[at] as number) + 1) * windowMs - age);
}
