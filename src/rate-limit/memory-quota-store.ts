import { LRUCache } from 'lru-cache';
import type { Micros } from '../core/money.js';
import { add, correction, slide } from './counters.js';
import { decide } from './decision.js';
import { ExpiringLeases, MemoryLease } from './leases.js';
import { HOUR_MS } from './limits.js';
import { consume, fits, refusing, unfill } from './memory-usage.js';
import { planOf } from './quota-plan.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore } from './quota-store.js';
import { ANCHOR, COUNTERS, OWNER, RUNNING, UsageTable } from './usage-table.js';
import { COST_PLACE } from './window-places.js';

/** Options of {@link MemoryQuotaStore}. */
export interface MemoryQuotaStoreOptions {
  /** How many subjects are remembered; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /** A clock that never goes back, in milliseconds. Default: the process's. */
  readonly now?: (() => number) | undefined;
}

/** Usage in this process's memory: bounded, synchronous, without a timer. */
export class MemoryQuotaStore implements QuotaStore {
  readonly #table = new UsageTable();
  /** The row of each subject. */
  readonly #rows: LRUCache<string, number>;
  readonly #expiring = new ExpiringLeases();
  readonly #now: () => number;

  constructor(options: MemoryQuotaStoreOptions = {}) {
    const dispose = (row: number): void => this.#forget(row);
    this.#rows = new LRUCache({ max: options.maxSubjects ?? 100_000, dispose });
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
    const known = this.#rows.get(subject);
    const row = known ?? this.#table.claim(now);
    const block = this.#table.block(row);
    const start = this.#table.start(row);
    const counters = start + COUNTERS;
    const plan = planOf(limits);
    const age = now - (block[start + ANCHOR] as number);
    if (!this.#expiring.empty) (block[start + RUNNING] as number) -= this.#expiring.expire(row, now);
    const running = block[start + RUNNING] as number;
    if (!fits(block, counters, plan, age, points, costMicros) || running >= limits.concurrent) {
      const states = refusing(block, counters, plan, age, points, costMicros);
      unfill(block);
      if (known === undefined) this.#table.release(row);
      return decide(limits, states, running, false, undefined);
    }
    if (known === undefined) this.#rows.set(subject, row);
    const states = consume(block, counters, plan, points, costMicros);
    block[start + RUNNING] = running + 1;
    const lease = new MemoryLease(costMicros, row, block[start + OWNER] as number);
    if (leaseMs !== Number.POSITIVE_INFINITY) this.#expiring.add(lease, now + leaseMs);
    return decide(limits, states, running + 1, true, lease);
  }

  settle(settled: QuotaLease, actualCostMicros: Micros): void {
    const lease = settled as MemoryLease;
    if (lease.settled) return;
    lease.settled = true;
    const block = this.#table.block(lease.row);
    const start = this.#table.start(lease.row);
    if (block[start + OWNER] !== lease.owner) return;
    if (lease.running) block[start + RUNNING] = (block[start + RUNNING] as number) - 1;
    lease.running = false;
    const difference = correction(lease.costMicros, actualCostMicros);
    if (difference === 0) return;
    const counter = start + COUNTERS + COST_PLACE;
    slide(block, counter, HOUR_MS, this.#now() - (block[start + ANCHOR] as number));
    add(block, counter, difference);
  }

  peek(subject: string, limits: QuotaLimits, points: number, costMicros: Micros): QuotaDecision {
    const now = this.#now();
    const known = this.#rows.peek(subject);
    const row = known ?? this.#table.claim(now);
    const block = this.#table.block(row);
    const start = this.#table.start(row);
    const counters = start + COUNTERS;
    const plan = planOf(limits);
    const age = now - (block[start + ANCHOR] as number);
    if (!this.#expiring.empty) (block[start + RUNNING] as number) -= this.#expiring.expire(row, now);
    const running = block[start + RUNNING] as number;
    const allowed = fits(block, counters, plan, age, points, costMicros) && running < limits.concurrent;
    const states = allowed
      ? consume(block, counters, plan, 0, 0)
      : refusing(block, counters, plan, age, points, costMicros);
    unfill(block);
    if (known === undefined) this.#table.release(row);
    return decide(limits, states, running, allowed, undefined);
  }

  #forget(row: number): void {
    this.#expiring.forget(row);
    this.#table.release(row);
  }
}
