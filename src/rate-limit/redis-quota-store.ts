import { randomBytes } from 'node:crypto';
import type { Micros } from '../core/money.js';
import type { RedisClient } from '../redis/client.js';
import { correction } from './counters.js';
import { decide } from './decision.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore } from './quota-store.js';
import { encodeQuestion } from './redis-limits.js';
import { renewScript, reserveScript, settleScript } from './redis-scripts.js';
import { type SubjectKeys, subjectKeys } from './subject-keys.js';

/** Bytes of a number in an answer. */
const DOUBLE = 8;

/** An admitted request that is known to Redis. */
export interface RedisLease extends QuotaLease {
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
  /** Makes the calls that renew leases, or does not while Redis is known to be away. Default: makes them. */
  readonly renewBy?: (<Answer>(call: () => Promise<Answer>) => Promise<Answer>) | undefined;
}

/**
 * Usage in Redis, shared by all replicas. One script call decides, whatever the number of dimensions, and one
 * settles; time is Redis's. Long responses have their leases renewed; those of a process that was killed expire.
 */
export class RedisQuotaStore implements QuotaStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #now: (() => number) | undefined;
  readonly #renews: boolean;
  readonly #renewBy: NonNullable<RedisQuotaStoreOptions['renewBy']>;
  readonly #running = new Set<RedisLease>();
  readonly #instance = randomBytes(9).toString('base64url');
  #count = 0;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: RedisQuotaStoreOptions) {
    this.#client = options.client;
    this.#prefix = options.keyPrefix ?? 'gw:';
    this.#now = options.now;
    this.#renews = options.now === undefined;
    this.#renewBy = options.renewBy ?? ((call) => call());
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
    const keys = subjectKeys(this.#prefix, subject);
    return this.#ask(keys, limits, id, leaseMs, points, costMicros, (answer) => {
      const lease = isAllowed(answer)
        ? this.#hold({ costMicros, id, keys, leaseMs, renewedAt: performance.now() })
        : undefined;
      return decisionOf(limits, answer, lease);
    });
  }

  settle(lease: QuotaLease, actualCostMicros: Micros): Promise<void> {
    const { id, keys, leaseMs, costMicros } = lease as RedisLease;
    this.abandon(lease);
    const difference = correction(costMicros, actualCostMicros);
    const given = this.#timed([...keys, id, leaseMs, difference]);
    return settleScript.run(this.#client, keys.length, given, () => undefined);
  }

  peek(subject: string, limits: QuotaLimits, points: number, costMicros: Micros): Promise<QuotaDecision> {
    const keys = subjectKeys(this.#prefix, subject);
    return this.#ask(keys, limits, '', -1, points, costMicros, (answer) =>
      decisionOf(limits, answer, undefined),
    );
  }

  /** Renews a lease no more: it comes back by itself if it is not settled. */
  abandon(lease: QuotaLease): void {
    this.#running.delete(lease as RedisLease);
  }

  close(): void {
    clearInterval(this.#renewal);
  }

  #ask(
    [usage, leases]: SubjectKeys,
    limits: QuotaLimits,
    id: string,
    leaseMs: number,
    points: number,
    costMicros: Micros,
    read: (answer: Buffer) => QuotaDecision,
  ): Promise<QuotaDecision> {
    const given = [usage, leases, encodeQuestion(limits, leaseMs, points, costMicros), id];
    return reserveScript.run(this.#client, 2, this.#timed(given), (answer) => read(answer as Buffer));
  }

  /** Arguments with the time behind them, where it isn't Redis's own. */
  #timed(given: (string | number)[]): (string | number)[] {
    if (this.#now) given.push(this.#now());
    return given;
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
      const given = this.#timed([...lease.keys, lease.id, lease.leaseMs]);
      this.#renewBy(() => renewScript.run(this.#client, 2, given, () => undefined)).catch(() => undefined);
    }
  }
}

/** What the script says: 1 or 0, running requests, and for each window what is left and ms until reset. */
function decisionOf(limits: QuotaLimits, answer: Buffer, lease: RedisLease | undefined): QuotaDecision {
  const standing: number[] = [];
  for (let at = 2 * DOUBLE; at < answer.length; at += DOUBLE) standing.push(answer.readDoubleLE(at));
  return decide(limits, standing, answer.readDoubleLE(DOUBLE), isAllowed(answer), lease);
}

function isAllowed(answer: Buffer): boolean {
  return answer.readDoubleLE(0) === 1;
}
