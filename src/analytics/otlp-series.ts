import { toDollars, toMicros } from '../core/money.js';
import { DURATION_BUCKETS } from './duration-histogram.js';
import { saneCost } from './event-cost.js';
import { knownMethod } from './known-method.js';
import type { RequestEvent } from './request-event.js';

/** What the requests of one batch with the same attributes add up to. */
export class OtlpSeries {
  readonly method: string;
  readonly status: number;
  readonly service: string;
  readonly tier: string;
  count = 0;
  /** Seconds. */
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  /** How many were at most as long as each boundary, and longer than the one before; and longer than all. */
  readonly buckets: number[] = new Array(DURATION_BUCKETS.length + 1).fill(0);
  #costMicros = 0;

  constructor({ method, status, service, tier }: RequestEvent) {
    this.method = knownMethod(method);
    this.status = status;
    this.service = service;
    this.tier = tier;
  }

  /** Dollars. */
  get cost(): number {
    return toDollars(this.#costMicros);
  }

  add(event: RequestEvent): void {
    const seconds = event.durationMs > 0 ? event.durationMs / 1000 : 0;
    const found = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
    const at = found < 0 ? DURATION_BUCKETS.length : found;
    this.count += 1;
    this.sum += seconds;
    this.min = Math.min(this.min, seconds);
    this.max = Math.max(this.max, seconds);
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
    this.#costMicros += toMicros(saneCost(event.cost));
  }
}

/** Adds a batch up, one series for each set of attributes. */
export function seriesOf(batch: readonly RequestEvent[]): OtlpSeries[] {
  const found = new Map<string, OtlpSeries>();
  for (const event of batch) {
    const key = JSON.stringify([knownMethod(event.method), event.status, event.service, event.tier]);
    let series = found.get(key);
    if (series === undefined) {
      series = new OtlpSeries(event);
      found.set(key, series);
    }
    series.add(event);
  }
  return [...found.values()];
}
