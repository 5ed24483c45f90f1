import { z } from 'zod';
import { functionOption } from '../core/options.js';
import type { CallOutcome } from './call-outcome.js';
import { type Fallback, fallbackOption } from './fallback-options.js';

/** When a breaker opens and closes, and what answers while it is open. It can differ from service to service. */
export interface BreakerPolicyOptions {
  /**
   * How failures are counted. `sampling`: the share of requests in a time. `count`: the share of the latest requests.
   * `consecutive`: failures in a row. Default `sampling`.
   */
  readonly breaker?: 'sampling' | 'count' | 'consecutive' | undefined;
  /** Opens when more than this share of requests fails. Between 0 and 1. Default 0.5. Not for `consecutive`. */
  readonly failureRatio?: number | undefined;
  /** Over how long failures are counted, in milliseconds. For `sampling`. Default 10,000. */
  readonly windowMs?: number | undefined;
  /** Over how many of the latest requests failures are counted. For `count`. Default 100. */
  readonly windowRequests?: number | undefined;
  /** It does not open before this many requests. Not for `consecutive`. Default 5. */
  readonly minimumRequests?: number | undefined;
  /** Opens after this many failures in a row. Default 5. For `consecutive`. */
  readonly consecutiveFailures?: number | undefined;
  /** How long it stays open before a request may try, in milliseconds. Default 10,000. */
  readonly halfOpenAfterMs?: number | undefined;
  /** By what that time is multiplied after each failed try: 1 to 10. Default 2. */
  readonly backoffFactor?: number | undefined;
  /** The longest it stays open, in milliseconds. Default 60,000. */
  readonly maxHalfOpenAfterMs?: number | undefined;
  /** How many requests try while it is half-open, all of which must succeed. Default 1. */
  readonly halfOpenProbes?: number | undefined;
  /** A probe that has no status after so long has failed, in milliseconds. Default 120,000. */
  readonly probeTimeoutMs?: number | undefined;
  /**
   * A request that has no status after so long has failed, in milliseconds, whatever comes later. What it waits in a
   * bulkhead counts. Default: none.
   */
  readonly slowCallMs?: number | undefined;
  /**
   * For how long at most the `Retry-After` of a failure keeps it open, in milliseconds. 0: it is not heeded.
   * Default 60,000.
   */
  readonly maxRetryAfterMs?: number | undefined;
  /**
   * Whether a request has failed. Not asked where its client left before there was a status, nor where the gateway
   * itself refused it for a reason that is not the upstream's. If it throws, or gives no boolean, the default decides. Default: a 5xx
   * status, a connection that could not be made or broke before the status, or a time-out.
   */
  readonly isFailure?: ((call: CallOutcome) => boolean) | undefined;
  /** Names of services that take over while it is open, the first whose breaker lets the request through. Default: none. */
  readonly failover?: readonly string[] | undefined;
  /** Answers in place of a 503 where no service takes over: a handler, or a response. Default: none. */
  readonly fallback?: Fallback | undefined;
  /** How long a handler may take until it begins its answer, in milliseconds; then the 503 comes. Default 5000. */
  readonly fallbackTimeoutMs?: number | undefined;
}

const ratio = z.number().gt(0).lt(1);
const timeMs = z.int().positive().max(3_600_000);

/** What a service can have of its own, without what is between options: it is checked once they are merged. */
export const policyShape = {
  breaker: z.enum(['sampling', 'count', 'consecutive']).default('sampling'),
  failureRatio: ratio.default(0.5),
  windowMs: z.int().min(100).max(3_600_000).default(10_000),
  windowRequests: z.int().positive().max(100_000).default(100),
  minimumRequests: z.int().positive().max(1_000_000).default(5),
  consecutiveFailures: z.int().positive().max(1_000_000).default(5),
  halfOpenAfterMs: timeMs.default(10_000),
  backoffFactor: z.number().min(1).max(10).default(2),
  maxHalfOpenAfterMs: z.int().positive().max(86_400_000).default(60_000),
  halfOpenProbes: z.int().positive().max(100).default(1),
  probeTimeoutMs: timeMs.default(120_000),
  slowCallMs: timeMs.optional(),
  maxRetryAfterMs: z.int().nonnegative().max(86_400_000).default(60_000),
  isFailure: functionOption<(call: CallOutcome) => boolean>().optional(),
  failover: z.array(z.string().min(1).max(64)).max(16).default([]),
  fallback: fallbackOption.optional(),
  fallbackTimeoutMs: timeMs.default(5000),
};

/** Options of one service, checked one by one. */
export const servicePolicySchema = z.strictObject(policyShape);

/** A policy with its defaults. */
export type BreakerPolicy = z.output<typeof servicePolicySchema>;

/** What options must be to each other. */
export function policyProblem(
  policy: BreakerPolicy,
): { path: [keyof BreakerPolicy]; message: string } | undefined {
  if (policy.maxHalfOpenAfterMs < policy.halfOpenAfterMs)
    return { path: ['maxHalfOpenAfterMs'], message: 'must not be less than `halfOpenAfterMs`' };
  if (policy.breaker === 'count' && policy.minimumRequests > policy.windowRequests)
    return { path: ['minimumRequests'], message: 'must not be more than `windowRequests`' };
  return undefined;
}
