import type { Micros } from '../core/money.js';
import { HOUR_MS } from './limits.js';
import type { QuotaLimits, QuotaWindow } from './quota-store.js';
import { BUCKET_PLACE, COST_PLACE, placeOf } from './window-places.js';

/** Before the counters in a subject's usage lie two times; Lua counts from 1. */
const FIRST_COUNTER = 3;

/** Where cost is counted. */
export const COST_FIELD = FIRST_COUNTER + COST_PLACE;

/** Where a token bucket is counted. */
export const BUCKET_FIELD = FIRST_COUNTER + BUCKET_PLACE;

const encoded = new WeakMap<QuotaLimits, string>();

/**
 * What is asked, in JSON, begins with what to do. To decide: lease ms (-1: only look), points, cost; then the limits: slots (-1: any number), ms until a subject is
 * forgotten, the capacity of a token bucket; and for each window its place, ms and limit.
 */
export function encodeReserve(limits: QuotaLimits, leaseMs: number, points: number, cost: Micros): string {
  return `["reserve",${leaseMs},${points},${cost},${encodeLimits(limits)}]`;
}

/** To settle: lease ms, and the cost to add. */
export function encodeSettle(leaseMs: number, difference: Micros): string {
  return `["settle",${leaseMs},${difference}]`;
}

/** To renew a lease: for how many ms. */
export function encodeRenew(leaseMs: number): string {
  return `["renew",${leaseMs}]`;
}

function encodeLimits(limits: QuotaLimits): string {
  let text = encoded.get(limits);
  if (text === undefined) {
    const { windows, concurrent } = limits;
    const slots = Number.isFinite(concurrent) ? concurrent : -1;
    const forgottenMs = Math.ceil(Math.max(2 * HOUR_MS, ...windows.map(countsMs)));
    const capacity = windows.find((window) => window.capacity !== undefined)?.capacity ?? 0;
    text = [slots, forgottenMs, capacity, ...windows.flatMap(encodeWindow)].join();
    encoded.set(limits, text);
  }
  return text;
}

/** How long something of a window counts: until a second one has passed, or the bucket is full again. */
function countsMs({ windowMs, limit, capacity }: QuotaWindow): number {
  return capacity === undefined ? 2 * windowMs : (capacity * windowMs) / limit;
}

function encodeWindow(window: QuotaWindow): number[] {
  return [FIRST_COUNTER + placeOf(window), window.windowMs, window.limit];
}
