import type { RateLimiterLike, RateLimiterRes } from 'rate-limiter-flexible';
import { decide } from './decision.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore, QuotaWindow } from './quota-store.js';

/** A limiter of rate-limiter-flexible, whatever it keeps its counters in. */
export type LimiterLike = RateLimiterLike;

const lease: QuotaLease = Object.freeze({ costMicros: 0 });

/**
 * Lets a limiter of rate-limiter-flexible decide: its own points and duration are the one window. It knows neither
 * cost nor slots, and it charges what it refuses.
 */
export class LimiterQuotaStore implements QuotaStore {
  readonly #limiter: LimiterLike;
  readonly #limits: QuotaLimits;

  constructor(limiter: LimiterLike) {
    const { points = Number.POSITIVE_INFINITY, duration = 60 } = limiter as {
      points?: number;
      duration?: number;
    };
    const window = { dimension: dimensionOf(duration), windowMs: duration * 1000, limit: points };
    this.#limiter = limiter;
    this.#limits = { windows: [window], concurrent: Number.POSITIVE_INFINITY };
  }

  async reserve(subject: string, _limits: QuotaLimits, points: number): Promise<QuotaDecision> {
    try {
      return this.#decision(await this.#limiter.consume(subject, points), true);
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return this.#decision(refusal as RateLimiterRes, false);
    }
  }

  settle(): void {
    // There is no slot to give back, and no cost to correct.
  }

  async peek(subject: string, _limits: QuotaLimits, points: number): Promise<QuotaDecision> {
    const known = await this.#limiter.get(subject);
    const remaining = known?.remainingPoints ?? this.#limits.windows[0]?.limit ?? 0;
    return this.#decision(
      { remainingPoints: remaining, msBeforeNext: known?.msBeforeNext ?? 0 },
      remaining >= points,
    );
  }

  #decision(
    result: Pick<RateLimiterRes, 'remainingPoints' | 'msBeforeNext'>,
    allowed: boolean,
  ): QuotaDecision {
    const resetMs = Math.max(allowed ? 0 : 1, result.msBeforeNext);
    return decide(this.#limits, [result.remainingPoints, resetMs], 0, allowed, allowed ? lease : undefined);
  }
}

/** The name that is nearest to a duration. */
function dimensionOf(seconds: number): QuotaWindow['dimension'] {
  if (seconds <= 10) return 'burst';
  if (seconds <= 600) return 'per_minute';
  return seconds <= 21_600 ? 'per_hour' : 'per_day';
}
