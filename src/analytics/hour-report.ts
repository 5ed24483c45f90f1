import { toDollars } from '../core/money.js';
import { quantileOf } from './latency-buckets.js';
import { HOUR_BUCKETS_AT, HOUR_TOTALS } from './ledger.js';
import { COST_MICROS, DURATION_MICROS, ERRORS, REQUESTS } from './sums.js';

/** Whose requests are counted: those of all replicas that share a Redis, or of this process alone. */
export type Scope = 'all' | 'local';

/** The answer of `GET /metrics` as JSON, in the documented shape. */
export interface MetricsReport {
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly period: 'current_hour';
  /** `local` also where the other replicas can't be asked. */
  readonly scope: Scope;
  readonly metrics: {
    readonly total_requests: number;
    readonly avg_response_time_ms: number;
    /** Half of the requests took no longer. Off by 5 % at most. */
    readonly p50_response_time_ms: number;
    readonly p90_response_time_ms: number;
    readonly p99_response_time_ms: number;
    /** Share of requests that ended with a 5xx status or were cut short. */
    readonly error_rate: number;
    /** Dollars. */
    readonly total_cost: number;
    readonly status_codes: Readonly<Record<string, number>>;
  };
}

/** Makes the report of an hour from its rows. */
export function hourReport(
  rows: ReadonlyMap<string, Float64Array>,
  now: number,
  scope: Scope,
): MetricsReport {
  const totals = rows.get(HOUR_TOTALS) ?? new Float64Array(HOUR_BUCKETS_AT);
  const of = (place: number): number => totals[place] ?? 0; // What is in Redis may be anything.
  const requests = of(REQUESTS);
  const share = (value: number): number => (requests === 0 ? 0 : value / requests);
  const latencies = totals.subarray(HOUR_BUCKETS_AT);
  const quantile = (wanted: number): number => rounded(quantileOf(latencies, wanted), 2);
  return {
    timestamp: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    period: 'current_hour',
    scope,
    metrics: {
      total_requests: requests,
      avg_response_time_ms: rounded(share(of(DURATION_MICROS)) / 1000, 2),
      p50_response_time_ms: quantile(0.5),
      p90_response_time_ms: quantile(0.9),
      p99_response_time_ms: quantile(0.99),
      error_rate: rounded(share(of(ERRORS)), 4),
      total_cost: toDollars(of(COST_MICROS)),
      status_codes: statusCodes(rows),
    },
  };
}

function statusCodes(rows: ReadonlyMap<string, Float64Array>): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const [field, values] of rows) {
    if (/^s\d{3}$/.test(field)) codes[field.slice(1)] = values[0] ?? 0; // Integers as keys are in order.
  }
  return codes;
}

/** Without the noise of sums of binary fractions. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
