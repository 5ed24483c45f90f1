import type { Dimension } from '../core/dimensions.js';
import type { Micros } from '../core/money.js';

/** A limit on a sliding window of time. */
export interface QuotaWindow {
  readonly dimension: Exclude<Dimension, 'concurrent' | 'ip'>;
  /** Length in milliseconds. */
  readonly windowMs: number;
  /** Ceiling: points, or micro-dollars for `cost_per_hour`. */
  readonly limit: number;
}

/** All the ceilings that hold for a subject. */
export interface QuotaLimits {
  readonly windows: readonly QuotaWindow[];
  /** Requests at a time; Infinity where they are not limited. */
  readonly concurrent: number;
}

/** An admitted request: what must be settled when it ends. */
export interface QuotaLease {
  /** What was reserved. */
  readonly costMicros: Micros;
}

/** One decision over all dimensions. A refusal is a value, and has consumed nothing. */
export interface QuotaDecision {
  readonly allowed: boolean;
  /** The tightest window, or the dimension that refuses for longest. Undefined where nothing is limited. */
  readonly dimension: Dimension | undefined;
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until a refused request would pass, else until the current window ends. */
  readonly resetMs: number;
  /** There if allowed. */
  readonly lease: QuotaLease | undefined;
}

/** Where usage is counted. */
export interface QuotaStore {
  /**
   * Decides over every dimension at once and consumes all of them, or none.
   *
   * @param points how many requests this one counts for
   * @param costMicros the estimated cost
   * @param leaseMs how long the request holds its concurrency slot if it is never settled
   */
  reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision | Promise<QuotaDecision>;
  /** Gives back the slot and charges the actual cost in place of the estimated one. */
  settle(lease: QuotaLease, actualCostMicros: Micros): void | Promise<void>;
}
