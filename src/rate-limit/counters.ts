import type { Micros } from '../core/money.js';
import { ceilingOf } from './quota-plan.js';
import type { QuotaWindow } from './quota-store.js';

/**
 * The counters of a subject lie side by side in an array of numbers, three for each window, at a place of its own.
 * `age` is the number of milliseconds since the subject's first request, from which buckets are counted, so that
 * subjects do not all reset at once.
 *
 * A sliding window has two buckets, `[bucket, current, previous]`: the previous one counts by how much of it the
 * window still covers. A token bucket has `[age, level, 0]`, its level being what was taken and not yet refilled.
 */
type Counters = Float64Array;

/** Lets time pass in a window. Gives how long its current bucket still lasts, in milliseconds. */
export function advance(counters: Counters, at: number, window: QuotaWindow, age: number): number {
  if (window.capacity === undefined) return slide(counters, at, window.windowMs, age);
  refill(counters, at, window, age);
  return 0;
}

/** Lets time pass in a sliding window. Gives how long its current bucket still lasts, in milliseconds. */
export function slide(counters: Counters, at: number, windowMs: number, age: number): number {
  const last = counters[at] as number;
  const rest = (last + 1) * windowMs - age;
  if (rest > 0 && rest <= windowMs) return rest;
  const bucket = Math.floor(age / windowMs);
  // One that goes back was counted in windows of another length, which was changed since: begin anew.
  counters[at + 2] = bucket === last + 1 ? (counters[at + 1] as number) : 0;
  counters[at + 1] = 0;
  counters[at] = bucket;
  return (bucket + 1) * windowMs - age;
}

function refill(counters: Counters, at: number, { limit, windowMs }: QuotaWindow, age: number): void {
  const last = counters[at] as number;
  if (age <= last) return;
  counters[at + 1] = Math.max(0, (counters[at + 1] as number) - ((age - last) * limit) / windowMs);
  counters[at] = age;
}

/** What is used, the current bucket lasting for `rest` more milliseconds. */
export function used(counters: Counters, at: number, windowMs: number, rest: number): number {
  const current = counters[at + 1] as number;
  const previous = counters[at + 2] as number;
  return previous === 0 ? current : current + (previous * rest) / windowMs;
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

/** Whole milliseconds until a token bucket is full. */
export function untilFull(counters: Counters, at: number, { limit, windowMs }: QuotaWindow): number {
  return Math.ceil(((counters[at + 1] as number) * windowMs) / limit);
}

/** Whole milliseconds, at least 1, until `amount` more fits; 0 if it does, Infinity if it never will. */
export function untilFits(
  counters: Counters,
  at: number,
  window: QuotaWindow,
  rest: number,
  amount: number,
): number {
  const { windowMs, limit } = window;
  const room = ceilingOf(window) - amount;
  if (room < 0) return Number.POSITIVE_INFINITY;
  const over = used(counters, at, windowMs, rest) - room;
  if (over <= 0) return 0;
  if (window.capacity !== undefined) return Math.max(1, Math.ceil((over * windowMs) / limit));
  const current = counters[at + 1] as number;
  if (current > room) return Math.max(1, Math.ceil(rest + windowMs - (room * windowMs) / current));
  return Math.max(1, Math.ceil(rest - ((room - current) * windowMs) / (counters[at + 2] as number)));
}
