import { HOUR_MS } from './limits.js';
import type { QuotaLimits, QuotaWindow } from './quota-store.js';

/**
 * Where each dimension's three numbers lie in a subject's usage, counted from 1 as Lua does. A token bucket has a
 * place of its own: its numbers mean something else than those of a sliding minute.
 */
const places: Readonly<Record<QuotaWindow['dimension'] | 'bucket', number>> = {
  burst: 3,
  per_minute: 6,
  per_hour: 9,
  per_day: 12,
  cost_per_hour: 15,
  bucket: 18,
};

/** Where cost is counted. */
export const COST_PLACE = places.cost_per_hour;

const encoded = new WeakMap<QuotaLimits, string>();

/**
 * Limits as one argument, since each argument costs: slots (-1: any number), ms until a subject is forgotten; then for
 * each window its place, ms, limit, capacity (-1: sliding), and 1 if it counts cost.
 */
export function encodeLimits(limits: QuotaLimits): string {
  let text = encoded.get(limits);
  if (text === undefined) {
    const slots = Number.isFinite(limits.concurrent) ? limits.concurrent : -1;
    const forgottenMs = Math.ceil(Math.max(2 * HOUR_MS, ...limits.windows.map(countsMs)));
    text = JSON.stringify([slots, forgottenMs, ...limits.windows.flatMap(encodeWindow)]);
    encoded.set(limits, text);
  }
  return text;
}

/** How long something of a window counts: until a second one has passed, or the bucket is full again. */
function countsMs({ windowMs, limit, capacity }: QuotaWindow): number {
  return capacity === undefined ? 2 * windowMs : (capacity * windowMs) / limit;
}

function encodeWindow({ dimension, windowMs, limit, capacity }: QuotaWindow): number[] {
  const place = places[capacity === undefined ? dimension : 'bucket'];
  return [place, windowMs, limit, capacity ?? -1, dimension === 'cost_per_hour' ? 1 : 0];
}
