import { randomBytes } from 'node:crypto';
import type { Micros } from '../core/money.js';
import { remembered } from '../core/remembered.js';
import type { RedisClient } from '../redis/client.js';
import { type CallBy, ScriptBatch } from '../redis/script-batch.js';
import { correction } from './counters.js';
import { decide } from './decision.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore } from './quota-store.js';
import { encodeRenew, encodeReserve, encodeSettle } from './redis-limits.js';
import { quotaScript } from './redis-scripts.js';
import { type Placed, RunningLeases } from './running-leases.js';
import { type SubjectKeys, subjectKeys } from './subject-keys.js';

/** An admitted request that is known to Redis. */
export interface RedisLease extends QuotaLease, Placed {
  readonly id: string;
  readonly keys: SubjectKeys;
  readonly leaseMs: number;
  /** When it was made or renewed, by this process's clock. */
  renewedAt: number;
}

/** Options of {@link RedisQuotaStore}. */
export interface RedisQuotaStoreOptions {
  /** An ioredis client. It stays yours. */
  readonly client: RedisClient;
  /** In front of every key. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** A clock instead of Redis's own, for tests: milliseconds. Leases are not renewed by it. */
  readonly now?: (() => number) | undefined;
}

/** How a store's calls are made where Redis may be away. */
export interface RedisQuotaCalls {
  /** Makes a call, or does not while Redis is known to be away; and may give it up. */
  readonly callBy: CallBy;
  /** Hears of decisions that come after their call was given up. */
  readonly onLate: (decision: QuotaDecision) => void;
}

/**
 * Usage in Redis, shared by all replicas. Whatever the number of dimensions, a decision is one question to a script,
 * and a settlement another; those of one turn of the event loop share a call. Time is Redis's. Long responses have
 * their leases renewed; those of a process that was killed expire.
 */
export class RedisQuotaStore implements QuotaStore {
  readonly #batch: ScriptBatch;
  readonly #keysOf: (subject: string) => SubjectKeys;
  readonly #onLate: ((decision: QuotaDecision) => void) | undefined;
  readonly #renews: boolean;
  readonly #running = new RunningLeases<RedisLease>();
  readonly #instance = randomBytes(9).toString('base64url');
  #count = 0;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: RedisQuotaStoreOptions, calls?: RedisQuotaCalls) {
    const { client, keyPrefix = 'gw:', now } = options;
    this.#batch = new ScriptBatch({
      client,
      script: quotaScript,
      common: () => String(now?.() ?? false),
      callBy: calls?.callBy,
    });
    this.#keysOf = remembered((subject) => subjectKeys(keyPrefix, subject));
    this.#onLate = calls?.onLate;
    this.#renews = now === undefined;
  }

  reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): Promise<QuotaDecision> {
    this.#count += 1;
    const id = `${this.#instance}:${this.#count}`;
    const keys = this.#keysOf(subject);
    const read = (numbers: number[]): QuotaDecision =>
      decisionOf(limits, numbers, () =>
        this.#hold({ costMicros, id, keys, leaseMs, renewedAt: performance.now(), place: -1 }),
      );
    const question = encodeReserve(limits, leaseMs, points, costMicros);
    return this.#batch.run({ keys, id, question, read, onLate: this.#onLate });
  }

  settle(lease: QuotaLease, actualCostMicros: Micros): Promise<void> {
    const { id, keys, leaseMs, costMicros } = lease as RedisLease;
    this.abandon(lease);
    const question = encodeSettle(leaseMs, correction(costMicros, actualCostMicros));
    return this.#batch.run({ keys, id, question, read: nothing });
  }

  peek(subject: string, limits: QuotaLimits, points: number, costMicros: Micros): Promise<QuotaDecision> {
    const question = encodeReserve(limits, -1, points, costMicros);
    const read = (numbers: number[]): QuotaDecision => decisionOf(limits, numbers, nothing);
    return this.#batch.run({ keys: this.#keysOf(subject), id: '', question, read });
  }

  /** Renews a lease no more: it comes back by itself if it is not settled. */
  abandon(lease: QuotaLease): void {
    this.#running.delete(lease as RedisLease);
  }

  close(): void {
    clearInterval(this.#renewal);
  }

  #hold(lease: RedisLease): RedisLease {
    this.#running.add(lease);
    if (this.#renews) this.#renewal ??= setInterval(() => this.#renew(), lease.leaseMs / 3).unref();
    return lease;
  }

  /** Renews the leases of requests that have been running for a third of their time. */
  #renew(): void {
    const now = performance.now();
    for (const lease of this.#running) {
      if (now - lease.renewedAt < lease.leaseMs / 3) continue;
      lease.renewedAt = now;
      const { keys, id, leaseMs } = lease;
      this.#batch.run({ keys, id, question: encodeRenew(leaseMs), read: nothing }).catch(nothing);
    }
  }
}

/** What the script says: for each window what is left and ms until reset; then 1 or 0, and running requests. */
function decisionOf(
  limits: QuotaLimits,
  numbers: number[],
  leased: () => QuotaLease | undefined,
): QuotaDecision {
  const running = numbers.pop() as number;
  const allowed = numbers.pop() === 1;
  return decide(limits, numbers, running, allowed, allowed ? leased() : undefined);
}

function nothing(): undefined {
  return undefined;
}
