import { LRUCache } from 'lru-cache';
import type { Micros } from '../core/money.js';
import { add, advance, correction } from './counters.js';
import { decide } from './decision.js';
import { expire, type MemoryLease, release, take } from './leases.js';
import { costWindow } from './limits.js';
import {
  COST_PLACE,
  consume,
  fits,
  newUsage,
  planOf,
  refusing,
  standing,
  type Usage,
} from './memory-usage.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore } from './quota-store.js';

type Lease = MemoryLease<Usage>;

/** Options of {@link MemoryQuotaStore}. */
export interface MemoryQuotaStoreOptions {
  /** How many subjects are remembered; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /** A clock that never goes back, in milliseconds. Default: the process's. */
  readonly now?: (() => number) | undefined;
}

/** Usage in this process's memory: bounded, synchronous, without a timer. */
export class MemoryQuotaStore implements QuotaStore {
  readonly #subjects: LRUCache<string, Usage>;
  readonly #now: () => number;

  constructor(options: MemoryQuotaStoreOptions = {}) {
    this.#subjects = new LRUCache({ max: options.maxSubjects ?? 100_000 });
    this.#now = options.now ?? (() => Math.floor(performance.now()));
  }

  reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision {
    const now = this.#now();
    const plan = planOf(limits);
    const known = this.#subjects.get(subject);
    const usage = known ?? newUsage(now);
    const { counters, leases } = usage;
    const age = now - usage.anchor;
    if (leaseMs !== Number.POSITIVE_INFINITY || leases.length >= limits.concurrent) expire(leases, now);
    if (!fits(counters, plan, age, points, costMicros) || leases.length >= limits.concurrent) {
      const states = refusing(counters, plan, age, points, costMicros);
      return decide(limits, states, leases.length, false, undefined);
    }
    if (known === undefined) this.#subjects.set(subject, usage);
    const lease: Lease = { costMicros, owner: usage, expiresAt: now + leaseMs, place: -1, settled: false };
    take(leases, lease);
    consume(counters, plan, points, costMicros);
    return decide(limits, standing(counters, plan, age), leases.length, true, lease);
  }

  settle(settled: QuotaLease, actualCostMicros: Micros): void {
    const lease = settled as Lease;
    if (lease.settled) return;
    lease.settled = true;
    const { owner } = lease;
    release(owner.leases, lease);
    const difference = correction(lease.costMicros, actualCostMicros);
    if (difference === 0) return;
    advance(owner.counters, COST_PLACE, costWindow, this.#now() - owner.anchor);
    add(owner.counters, COST_PLACE, difference);
  }

  peek(subject: string, limits: QuotaLimits, points: number, costMicros: Micros): QuotaDecision {
    const now = this.#now();
    const plan = planOf(limits);
    const usage = this.#subjects.peek(subject) ?? newUsage(now);
    const { counters, leases } = usage;
    const age = now - usage.anchor;
    expire(leases, now);
    const allowed = fits(counters, plan, age, points, costMicros) && leases.length < limits.concurrent;
    const states = allowed
      ? standing(counters, plan, age)
      : refusing(counters, plan, age, points, costMicros);
    return decide(limits, states, leases.length, allowed, undefined);
  }
}
