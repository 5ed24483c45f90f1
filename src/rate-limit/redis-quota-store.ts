import { randomBytes } from 'node:crypto';
import type { Micros } from '../core/money.js';
import type { RedisClient } from '../redis/client.js';
import { decide } from './decision.js';
import { HOUR_MS } from './limits.js';
import type {
  QuotaDecision,
  QuotaLease,
  QuotaLimits,
  QuotaState,
  QuotaStore,
  QuotaWindow,
} from './quota-store.js';
import { renewScript, reserveScript, settleScript } from './redis-scripts.js';
import { subjectKeys } from './subject-keys.js';

/** An admitted request that is known to Redis. */
export interface RedisLease extends QuotaLease {
  readonly id: string;
  readonly keys: readonly string[];
  readonly leaseMs: number;
  /** When it was made or renewed, by this process's clock. */
  renewedAt: number;
}

/** Options of {@link RedisQuotaStore}. */
export interface RedisQuotaStoreOptions {
  readonly client: RedisClient;
  /** In front of every key. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** A clock instead of Redis's own, for tests: milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Where each dimension's counter lies in the hash. */
const places: Readonly<Record<QuotaWindow['dimension'], number>> = {
  burst: 0,
  per_minute: 1,
  per_hour: 2,
  per_day: 3,
  cost_per_hour: 4,
};

/**
 * Usage in Redis, shared by all replicas. One script call decides, whatever the number of dimensions, and one
 * settles; time is Redis's. Long responses have their leases renewed; those of a process that was killed expire.
 */
export class RedisQuotaStore implements QuotaStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #now: () => number | string;
  readonly #running = new Set<RedisLease>();
  readonly #instance = randomBytes(9).toString('base64url');
  #count = 0;
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: RedisQuotaStoreOptions) {
    this.#client = options.client;
    this.#prefix = options.keyPrefix ?? 'gw:';
    this.#now = options.now ?? (() => '');
  }

  async reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): Promise<QuotaDecision> {
    this.#count += 1;
    const id = `${this.#instance}:${this.#count}`;
    const keys = subjectKeys(this.#prefix, subject);
    const args = argumentsOf('reserve', limits, points, costMicros, id, leaseMs);
    const [allowed, running, windows] = parse(
      await reserveScript.run(this.#client, keys, [this.#now(), ...args]),
    );
    const lease = allowed
      ? this.#hold({ costMicros, id, keys, leaseMs, renewedAt: performance.now() })
      : undefined;
    return decide(limits, windows, running, allowed, lease);
  }

  async settle(lease: QuotaLease, actualCostMicros: Micros): Promise<void> {
    const { id, keys, leaseMs, costMicros } = lease as RedisLease;
    this.#running.delete(lease as RedisLease);
    const difference = actualCostMicros - costMicros;
    await settleScript.run(this.#client, keys, [
      this.#now(),
      id,
      leaseMs,
      difference,
      places.cost_per_hour,
      HOUR_MS,
    ]);
  }

  async peek(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
  ): Promise<QuotaDecision> {
    const keys = subjectKeys(this.#prefix, subject);
    const args = argumentsOf('peek', limits, points, costMicros, '', 0);
    const [allowed, running, windows] = parse(
      await reserveScript.run(this.#client, keys, [this.#now(), ...args]),
    );
    return decide(limits, windows, running, allowed, undefined);
  }

  close(): void {
    clearInterval(this.#renewal);
  }

  #hold(lease: RedisLease): RedisLease {
    this.#running.add(lease);
    this.#renewal ??= setInterval(() => this.#renew(), lease.leaseMs / 3).unref();
    return lease;
  }

  /** Renews the leases of requests that have been running for a third of their time. */
  #renew(): void {
    const now = performance.now();
    for (const lease of this.#running) {
      if (now - lease.renewedAt < lease.leaseMs / 3) continue;
      lease.renewedAt = now;
      renewScript
        .run(this.#client, lease.keys, [this.#now(), lease.id, lease.leaseMs])
        .catch(() => undefined);
    }
  }
}

/** The arguments of the script behind the time. */
function argumentsOf(
  mode: 'reserve' | 'peek',
  limits: QuotaLimits,
  points: number,
  costMicros: Micros,
  id: string,
  leaseMs: number,
): (string | number)[] {
  const slots = Number.isFinite(limits.concurrent) ? limits.concurrent : -1;
  const args = [mode, id, leaseMs, points, costMicros, slots, forgottenAfterMs(limits)];
  for (const { dimension, windowMs, limit, capacity } of limits.windows) {
    args.push(places[dimension], windowMs, limit, capacity ?? -1, dimension === 'cost_per_hour' ? 1 : 0);
  }
  return args;
}

/** Twice the longest window: until then something of it counts. */
function forgottenAfterMs(limits: QuotaLimits): number {
  return Math.max(HOUR_MS, ...limits.windows.map(({ windowMs }) => windowMs)) * 2;
}

function parse(answer: unknown): [allowed: boolean, running: number, windows: QuotaState[]] {
  const [allowed, running, ...rest] = answer as number[];
  const windows: QuotaState[] = [];
  for (let at = 0; at < rest.length; at += 2) {
    const resetMs = rest[at + 1] as number;
    windows.push({
      remaining: rest[at] as number,
      resetMs: resetMs < 0 ? Number.POSITIVE_INFINITY : resetMs,
    });
  }
  return [allowed === 1, running as number, windows];
}
