import { LRUCache } from 'lru-cache';
import type { QuotaDecision, QuotaLimits } from './quota-store.js';

interface Refusal {
  readonly decision: QuotaDecision;
  readonly limits: QuotaLimits;
  readonly points: number;
  readonly at: number;
}

/** The longest that a refusal is repeated without asking, in milliseconds. */
const MAX_AGE_MS = 1000;
const MAX_SUBJECTS = 10_000;

/**
 * Subjects known to be over a window of requests: they are refused here until it lets them pass, or for a second at
 * most, so that an attacker does not reach Redis with each request. Cost and slots can be given back at any time,
 * and so are not remembered.
 */
export class RefusalCache {
  readonly #refusals = new LRUCache<string, Refusal>({ max: MAX_SUBJECTS });

  add(subject: string, limits: QuotaLimits, points: number, decision: QuotaDecision): void {
    if (decision.dimension === 'cost_per_hour' || decision.dimension === 'concurrent') return;
    this.#refusals.set(subject, { decision, limits, points, at: performance.now() });
  }

  /** The refusal that still holds for a request of so many points. */
  find(subject: string, limits: QuotaLimits, points: number): QuotaDecision | undefined {
    const refusal = this.#refusals.get(subject);
    if (refusal === undefined) return undefined;
    const age = performance.now() - refusal.at;
    const resetMs = refusal.decision.resetMs - age;
    if (age >= MAX_AGE_MS || resetMs <= 0 || refusal.limits !== limits) {
      this.#refusals.delete(subject);
      return undefined;
    }
    return points < refusal.points ? undefined : { ...refusal.decision, resetMs: Math.ceil(resetMs) };
  }
}
