import { toDollars, toMicros } from '../core/money.js';
import { isError, type RequestEvent } from './request-event.js';

const HOUR_MS = 3_600_000;

/** The answer of `GET /metrics` as JSON, in the documented shape. */
export interface MetricsReport {
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly period: 'current_hour';
  readonly metrics: {
    readonly total_requests: number;
    readonly avg_response_time_ms: number;
    /** Share of requests that ended with a 5xx status or were cut short. */
    readonly error_rate: number;
    /** Dollars. */
    readonly total_cost: number;
    readonly status_codes: Readonly<Record<string, number>>;
  };
}

/** The figures of the current hour of the clock, in UTC. They begin anew with each hour. */
export class HourFigures {
  #hour = 0;
  #requests = 0;
  #errors = 0;
  #durationMs = 0;
  #costMicros = 0;
  #statusCodes = new Map<number, number>();

  /** Counts a request that ended at `now`. */
  add(event: RequestEvent, now: number): void {
    this.#turn(now);
    this.#requests += 1;
    if (isError(event)) this.#errors += 1;
    this.#durationMs += event.durationMs;
    this.#costMicros += toMicros(event.cost);
    this.#statusCodes.set(event.status, (this.#statusCodes.get(event.status) ?? 0) + 1);
  }

  /** The figures at `now`. */
  report(now: number): MetricsReport {
    this.#turn(now);
    const share = (value: number): number => (this.#requests === 0 ? 0 : value / this.#requests);
    const codes = [...this.#statusCodes].sort(([a], [b]) => a - b);
    return {
      timestamp: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
      period: 'current_hour',
      metrics: {
        total_requests: this.#requests,
        avg_response_time_ms: rounded(share(this.#durationMs), 2),
        error_rate: rounded(share(this.#errors), 4),
        total_cost: toDollars(this.#costMicros),
        status_codes: Object.fromEntries(codes),
      },
    };
  }

  #turn(now: number): void {
    const hour = Math.floor(now / HOUR_MS);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#requests = 0;
    this.#errors = 0;
    this.#durationMs = 0;
    this.#costMicros = 0;
    this.#statusCodes = new Map();
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
