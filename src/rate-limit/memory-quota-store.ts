import { LRUCache } from 'lru-cache';
import type { Micros } from '../core/money.js';
import { add, advance, COUNTER_SIZE, type Counters, untilFits, untilReset, used } from './counters.js';
import { ceilingOf, decide } from './decision.js';
import { isFull, type MemoryLease, release, take } from './leases.js';
import { costWindow } from './limits.js';
import type {
  QuotaDecision,
  QuotaLease,
  QuotaLimits,
  QuotaState,
  QuotaStore,
  QuotaWindow,
} from './quota-store.js';

interface Subject {
  /** When its first admitted request came. */
  readonly anchor: number;
  readonly counters: Counters;
  /** Leases that run. */
  readonly leases: Lease[];
}

type Lease = MemoryLease<Subject>;

/** Where each dimension's counter lies. Its place is fixed, so that limits may change while usage is kept. */
export const places: Readonly<Record<QuotaWindow['dimension'], number>> = {
  burst: 0,
  per_minute: COUNTER_SIZE,
  per_hour: 2 * COUNTER_SIZE,
  per_day: 3 * COUNTER_SIZE,
  cost_per_hour: 4 * COUNTER_SIZE,
};

/** Options of {@link MemoryQuotaStore}. */
export interface MemoryQuotaStoreOptions {
  /** How many subjects are remembered; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /** A clock that never goes back, in milliseconds. Default: the process's. */
  readonly now?: (() => number) | undefined;
}

/** Usage in this process's memory: bounded, synchronous, without a timer. */
export class MemoryQuotaStore implements QuotaStore {
  readonly #subjects: LRUCache<string, Subject>;
  readonly #now: () => number;

  constructor(options: MemoryQuotaStoreOptions = {}) {
    this.#subjects = new LRUCache({ max: options.maxSubjects ?? 100_000 });
    this.#now = options.now ?? (() => Math.floor(performance.now()));
  }

  reserve(
    name: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision {
    const now = this.#now();
    const known = this.#subjects.get(name);
    const subject = known ?? newSubject(now);
    const age = now - subject.anchor;
    const fits = allFit(subject, limits, points, costMicros, age);
    if (!fits || isFull(subject.leases, limits.concurrent, now)) {
      return refusal(subject, limits, points, costMicros, age);
    }
    if (known === undefined) this.#subjects.set(name, subject);
    const expiresAt = now + leaseMs;
    const lease: Lease = { costMicros, owner: subject, expiresAt, place: -1, settled: false };
    take(subject.leases, lease);
    return admission(subject, limits, points, costMicros, age, lease);
  }

  settle(settled: QuotaLease, actualCostMicros: Micros): void {
    const lease = settled as Lease;
    if (lease.settled) return;
    lease.settled = true;
    const { owner } = lease;
    release(owner.leases, lease);
    const difference = actualCostMicros - lease.costMicros;
    if (difference === 0) return;
    advance(owner.counters, places.cost_per_hour, costWindow, this.#now() - owner.anchor);
    add(owner.counters, places.cost_per_hour, difference);
  }

  peek(name: string, limits: QuotaLimits, points: number, costMicros: Micros): QuotaDecision {
    const now = this.#now();
    const subject = this.#subjects.peek(name) ?? newSubject(now);
    const age = now - subject.anchor;
    const allowed =
      allFit(subject, limits, points, costMicros, age) && !isFull(subject.leases, limits.concurrent, now);
    if (!allowed) return refusal(subject, limits, points, costMicros, age);
    return decide(limits, standing(subject, limits, age), subject.leases.length, true, undefined);
  }
}

function newSubject(now: number): Subject {
  return { anchor: now, counters: new Array(5 * COUNTER_SIZE).fill(0), leases: [] };
}

/** Lets time pass in every window, and says whether each has room. */
function allFit(
  { counters }: Subject,
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  age: number,
): boolean {
  let fits = true;
  for (const window of limits.windows) {
    const at = places[window.dimension];
    advance(counters, at, window, age);
    if (used(counters, at, window, age) + amountOf(window, points, costMicros) > ceilingOf(window))
      fits = false;
  }
  return fits;
}

function refusal(
  { counters, leases }: Subject,
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  age: number,
): QuotaDecision {
  const states = limits.windows.map((window): QuotaState => {
    const at = places[window.dimension];
    const amount = amountOf(window, points, costMicros);
    return {
      remaining: remainingIn(counters, at, window, age),
      resetMs: untilFits(counters, at, window, age, amount),
    };
  });
  return decide(limits, states, leases.length, false, undefined);
}

function admission(
  subject: Subject,
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  age: number,
  lease: Lease,
): QuotaDecision {
  for (const window of limits.windows) {
    add(subject.counters, places[window.dimension], amountOf(window, points, costMicros));
  }
  return decide(limits, standing(subject, limits, age), subject.leases.length, true, lease);
}

/** How each window stands now. */
function standing({ counters }: Subject, limits: QuotaLimits, age: number): QuotaState[] {
  return limits.windows.map((window): QuotaState => {
    const at = places[window.dimension];
    return {
      remaining: remainingIn(counters, at, window, age),
      resetMs: untilReset(counters, at, window, age),
    };
  });
}

function remainingIn(counters: Counters, at: number, window: QuotaWindow, age: number): number {
  return Math.max(0, Math.floor(ceilingOf(window) - used(counters, at, window, age)));
}

function amountOf(window: QuotaWindow, points: number, costMicros: Micros): number {
  return window.dimension === 'cost_per_hour' ? costMicros : points;
}
