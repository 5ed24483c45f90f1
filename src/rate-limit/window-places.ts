import type { QuotaWindow } from './quota-store.js';

/** Numbers that a window counts with: see counters.ts. */
export const COUNTER_SIZE = 3;

/**
 * Where each dimension's numbers lie in the usage of a subject. Places are fixed, so that limits may change while
 * usage is kept. A token bucket has one of its own: its numbers mean something else than those of a sliding minute.
 */
const order = ['burst', 'per_minute', 'per_hour', 'per_day', 'cost_per_hour', 'bucket'] as const;

/** How many windows there can be. */
export const MOST_WINDOWS = order.length;

/** Numbers of all windows. */
export const COUNTERS_SIZE = order.length * COUNTER_SIZE;

/** Where cost is counted. */
export const COST_PLACE = order.indexOf('cost_per_hour') * COUNTER_SIZE;

/** Where a token bucket's numbers lie. */
export const BUCKET_PLACE = order.indexOf('bucket') * COUNTER_SIZE;

/** Where a window's numbers lie. */
export function placeOf({ dimension, capacity }: QuotaWindow): number {
  return capacity === undefined ? order.indexOf(dimension) * COUNTER_SIZE : BUCKET_PLACE;
}
