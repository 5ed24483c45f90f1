import type { Dimension } from '../core/dimensions.js';
import type { Micros } from '../core/money.js';

/** A limit on a window of time. */
export interface QuotaWindow {
  readonly dimension: Exclude<Dimension, 'concurrent' | 'ip'>;
  /** Length in milliseconds. */
  readonly windowMs: number;
  /** Points, or micro-dollars for `cost_per_hour`, in a window. */
  readonly limit: number;
  /**
   * There for a token bucket, which is refilled at `limit` in `windowMs`: how many tokens it holds. Undefined for a
   * sliding window.
   */
  readonly capacity?: number | undefined;
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

/** How one window stands. */
export interface QuotaState {
  /** What is left. */
  readonly remaining: number;
  /** Of a refusal: milliseconds until this window would let it pass, 0 if it does. Else until the window ends. */
  readonly resetMs: number;
}

/** One decision over all dimensions. A refusal is a value, and has consumed nothing. */
export interface QuotaDecision {
  readonly allowed: boolean;
  /** The tightest window, or the dimension that refuses for longest. Undefined where nothing is limited. */
  readonly dimension: Dimension | undefined;
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until a refused request would pass (Infinity: never), else until the current window ends. */
  readonly resetMs: number;
  /** Each window, in the order of the limits. */
  readonly windows: readonly QuotaState[];
  /** Requests of the subject that run now, this one among them. */
  readonly running: number;
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
   * @param leaseMs how long the request holds its concurrency slot if it is neither settled nor renewed
   */
  reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision | Promise<QuotaDecision>;
  /** Gives back the slot and charges the actual cost in place of the estimated one. Once for each lease. */
  settle(lease: QuotaLease, actualCostMicros: Micros): void | Promise<void>;
  /** What `reserve` would decide, without consuming anything. */
  peek(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
  ): QuotaDecision | Promise<QuotaDecision>;
  /** Stops timers. */
  close?(): void | Promise<void>;
}
