import type { RateLimiterLike, RateLimiterRes } from 'rate-limiter-flexible';
import { decide } from './decision.js';
import { type CompiledLimits, policyField } from './limits.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore, QuotaWindow } from './quota-store.js';

/** A limiter of rate-limiter-flexible, whatever it keeps its counters in. */
export type LimiterLike = RateLimiterLike;

const lease: QuotaLease = Object.freeze({ costMicros: 0 });

/** The one window of a limiter. Where it doesn't say how large that is, nothing is announced. */
export function limitsOfLimiter(limiter: LimiterLike): CompiledLimits {
  const { points, duration } = limiter as { points?: number; duration?: number };
  const windows: QuotaWindow[] = [windowOf(points ?? Number.POSITIVE_INFINITY, duration ?? 60)];
  const concurrent = Number.POSITIVE_INFINITY;
  const known = points !== undefined && duration !== undefined;
  return { windows, concurrent, policyField: known ? policyField(windows, concurrent) : undefined };
}

function windowOf(points: number, seconds: number): QuotaWindow {
  return { dimension: dimensionOf(seconds), windowMs: seconds * 1000, limit: points };
}

/**
 * Lets a limiter of rate-limiter-flexible decide: its own points and duration are the one window. It knows neither
 * cost nor slots, and it charges what it refuses.
 */
export class LimiterQuotaStore implements QuotaStore {
  readonly #limiter: LimiterLike;

  constructor(limiter: LimiterLike) {
    this.#limiter = limiter;
  }

  async reserve(subject: string, limits: QuotaLimits, points: number): Promise<QuotaDecision> {
    try {
      return decisionOf(limits, await this.#limiter.consume(subject, points), true);
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return decisionOf(limits, refusal as RateLimiterRes, false);
    }
  }

  settle(): void {
    // There is no slot to give back, and no cost to correct.
  }

  async peek(subject: string, limits: QuotaLimits, points: number): Promise<QuotaDecision> {
    const known = await this.#limiter.get(subject);
    const remainingPoints = known?.remainingPoints ?? limits.windows[0]?.limit ?? 0;
    const msBeforeNext = known?.msBeforeNext ?? 0;
    return decisionOf(limits, { remainingPoints, msBeforeNext }, remainingPoints >= points);
  }
}

function decisionOf(
  limits: QuotaLimits,
  { remainingPoints, msBeforeNext }: Pick<RateLimiterRes, 'remainingPoints' | 'msBeforeNext'>,
  allowed: boolean,
): QuotaDecision {
  const resetMs = Math.max(allowed ? 0 : 1, msBeforeNext);
  return decide(limits, [remainingPoints, resetMs], 0, allowed, allowed ? lease : undefined);
}

/** The name that is nearest to a duration. */
function dimensionOf(seconds: number): QuotaWindow['dimension'] {
  if (seconds <= 10) return 'burst';
  if (seconds <= 600) return 'per_minute';
  return seconds <= 21_600 ? 'per_hour' : 'per_day';
}
