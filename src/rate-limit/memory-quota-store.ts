import { LRUCache } from 'lru-cache';
import type { Dimension } from '../core/dimensions.js';
import type { Micros } from '../core/money.js';
import { isFull, type MemoryLease, release, take } from './leases.js';
import { HOUR_MS } from './limits.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore, QuotaWindow } from './quota-store.js';
import { add, advance, COUNTER_SIZE, type Counters, untilFits, untilReset, used } from './sliding-counter.js';

interface Subject {
  /** When its first request came. */
  readonly anchor: number;
  readonly counters: Counters;
  readonly leases: Lease[];
}

type Lease = MemoryLease<Subject>;

/** Where each dimension's counter lies. Its place is fixed, so that limits may change while usage is kept. */
const places: Readonly<Record<QuotaWindow['dimension'], number>> = {
  burst: 0,
  per_minute: COUNTER_SIZE,
  per_hour: 2 * COUNTER_SIZE,
  per_day: 3 * COUNTER_SIZE,
  cost_per_hour: 4 * COUNTER_SIZE,
};

/** How long a request should wait that was refused for concurrency: nobody knows when a slot comes back. */
const CONCURRENCY_RETRY_MS = 1000;

/** Options of {@link MemoryQuotaStore}. */
export interface MemoryQuotaStoreOptions {
  /** How many subjects are remembered; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /** A clock that never goes back, in milliseconds. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** Usage in this process's memory: bounded, synchronous, without a timer. */
export class MemoryQuotaStore implements QuotaStore {
  readonly #subjects: LRUCache<string, Subject>;
  readonly #now: () => number;

  constructor(options: MemoryQuotaStoreOptions = {}) {
    this.#subjects = new LRUCache({ max: options.maxSubjects ?? 100_000 });
    this.#now = options.now ?? (() => performance.now());
  }

  reserve(
    name: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision {
    const now = this.#now();
    const subject = this.#subject(name, now);
    const age = now - subject.anchor;
    return (
      refusal(subject, limits, points, costMicros, now, age) ??
      admission(subject, limits, points, costMicros, age, now + leaseMs)
    );
  }

  settle(settled: QuotaLease, actualCostMicros: Micros): void {
    const lease = settled as Lease;
    if (lease.settled) return;
    lease.settled = true;
    const subject = lease.owner;
    release(subject.leases, lease);
    const difference = actualCostMicros - lease.costMicros;
    if (difference === 0) return;
    const at = places.cost_per_hour;
    advance(subject.counters, at, this.#now() - subject.anchor, HOUR_MS);
    add(subject.counters, at, difference);
  }

  #subject(name: string, now: number): Subject {
    const known = this.#subjects.get(name);
    if (known) return known;
    const counters: Counters = new Array(5 * COUNTER_SIZE).fill(0);
    const subject: Subject = { anchor: now, counters, leases: [] };
    this.#subjects.set(name, subject);
    return subject;
  }
}

function amountOf(window: QuotaWindow, points: number, costMicros: Micros): number {
  return window.dimension === 'cost_per_hour' ? costMicros : points;
}

/** The refusal that lasts longest, if there is one. */
function refusal(
  subject: Subject,
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  now: number,
  age: number,
): QuotaDecision | undefined {
  const counters = subject.counters;
  let longest: QuotaDecision | undefined;
  for (const window of limits.windows) {
    const { dimension, windowMs, limit } = window;
    const at = places[dimension];
    advance(counters, at, age, windowMs);
    const amount = amountOf(window, points, costMicros);
    const before = used(counters, at, age, windowMs);
    if (before + amount <= limit) continue;
    const resetMs = untilFits(counters, at, age, windowMs, limit, amount);
    if (longest === undefined || resetMs > longest.resetMs) {
      longest = decision(false, dimension, limit, limit - before, resetMs);
    }
  }
  if (longest === undefined && isFull(subject.leases, limits.concurrent, now)) {
    return decision(false, 'concurrent', limits.concurrent, 0, CONCURRENCY_RETRY_MS);
  }
  return longest;
}

/**
 * Consumes every dimension, and finds the window with the smallest share left. Slots count only where there is no
 * window: whoever reads the answer has its own slot back.
 */
function admission(
  subject: Subject,
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  age: number,
  expiresAt: number,
): QuotaDecision {
  const lease: Lease = { costMicros, owner: subject, expiresAt, place: -1, settled: false };
  take(subject.leases, lease);
  const counters = subject.counters;
  let share = Number.POSITIVE_INFINITY;
  let dimension: Dimension | undefined;
  let limit = Number.POSITIVE_INFINITY;
  let remaining = Number.POSITIVE_INFINITY;
  let resetMs = 0;
  for (const window of limits.windows) {
    const at = places[window.dimension];
    add(counters, at, amountOf(window, points, costMicros));
    const left = window.limit - used(counters, at, age, window.windowMs);
    if (left / window.limit >= share) continue;
    share = left / window.limit;
    dimension = window.dimension;
    limit = window.limit;
    remaining = left;
    resetMs = untilReset(counters, at, age, window.windowMs);
  }
  if (dimension === undefined && limits.concurrent !== Number.POSITIVE_INFINITY) {
    const slots = limits.concurrent - subject.leases.length;
    return decision(true, 'concurrent', limits.concurrent, slots, CONCURRENCY_RETRY_MS, lease);
  }
  return decision(true, dimension, limit, remaining, resetMs, lease);
}

function decision(
  allowed: boolean,
  dimension: Dimension | undefined,
  limit: number,
  remaining: number,
  resetMs: number,
  lease?: QuotaLease,
): QuotaDecision {
  return { allowed, dimension, limit, remaining: Math.max(0, Math.floor(remaining)), resetMs, lease };
}
