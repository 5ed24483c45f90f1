import { ServiceUnavailableError } from '../core/errors.js';
import type { GatewayEvents, StoreMode } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { Micros } from '../core/money.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';
import { dividedLimits } from './limits.js';
import { MemoryQuotaStore } from './memory-quota-store.js';
import type { StoreErrorPolicy } from './options.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore } from './quota-store.js';
import { RedisQuotaStore } from './redis-quota-store.js';
import { RefusalCache } from './refusal-cache.js';

/** Options of {@link ResilientQuotaStore}. */
export interface ResilientQuotaStoreOptions {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  readonly onStoreError: StoreErrorPolicy;
  /** Among how many replicas the limits are divided while each decides alone. */
  readonly replicas: number;
  readonly maxSubjects: number;
  readonly logger?: Logger | undefined;
  readonly events?: GatewayEvents | undefined;
}

/** Settlements that could not be delivered yet; what comes on top is lost, and its lease expires. */
const MAX_UNDELIVERED = 10_000;

/** After a settlement that failed, though Redis is there, the next attempt is made, in milliseconds. */
const RETRY_MS = 1000;

/** A lease that Redis gave. Others are from this process's memory, or from nobody. */
interface Undelivered {
  readonly lease: QuotaLease;
  readonly costMicros: Micros;
}

/** Usage in Redis as long as it answers in time, and a policy for when it does not. */
export class ResilientQuotaStore implements QuotaStore {
  readonly #options: ResilientQuotaStoreOptions;
  readonly #redis: RedisQuotaStore;
  readonly #local: MemoryQuotaStore;
  readonly #guard: RedisGuard;
  readonly #refusals = new RefusalCache();
  readonly #locally = new WeakSet<QuotaLease>();
  readonly #undelivered: Undelivered[] = [];
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ResilientQuotaStoreOptions) {
    this.#options = options;
    this.#redis = new RedisQuotaStore(options, {
      callBy: (call, onLate) => this.#guard.run(call, onLate),
      onLate: (decision) => this.#undo(decision),
    });
    this.#local = new MemoryQuotaStore({ maxSubjects: options.maxSubjects });
    this.#guard = new RedisGuard({
      timeoutMs: options.timeoutMs,
      // Not PING: a server that is full, or a replica, answers that one.
      probe: () => options.client.set(`${options.keyPrefix}probe`, '', 'PX', 1000),
      onChange: (available) => this.#changed(available),
    });
  }

  /** Whether Redis decides. */
  get available(): boolean {
    return this.#guard.available;
  }

  /** Limits as they hold now. */
  inForce(limits: QuotaLimits): QuotaLimits {
    return this.available ? limits : dividedLimits(limits, this.#options.replicas);
  }

  reserve(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
    leaseMs: number,
  ): QuotaDecision | Promise<QuotaDecision> {
    const instead = (): QuotaDecision => this.#reserveWithout(subject, limits, points, costMicros);
    if (!this.#guard.available) return instead();
    const known = this.#refusals.find(subject, limits, points);
    if (known) return known;
    return this.#redis.reserve(subject, limits, points, costMicros, leaseMs).then((decision) => {
      if (!decision.allowed) this.#refusals.add(subject, limits, points, decision);
      return decision;
    }, instead);
  }

  settle(lease: QuotaLease, actualCostMicros: Micros): void {
    if (this.#locally.has(lease)) this.#local.settle(lease, actualCostMicros);
    else this.#deliver({ lease, costMicros: actualCostMicros });
  }

  peek(
    subject: string,
    limits: QuotaLimits,
    points: number,
    costMicros: Micros,
  ): QuotaDecision | Promise<QuotaDecision> {
    const instead = (): QuotaDecision =>
      this.#local.peek(subject, dividedLimits(limits, this.#options.replicas), points, costMicros);
    return this.#redis.peek(subject, limits, points, costMicros).catch(instead);
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#guard.close();
    this.#redis.close();
  }

  #reserveWithout(subject: string, limits: QuotaLimits, points: number, costMicros: Micros): QuotaDecision {
    const { onStoreError, replicas } = this.#options;
    if (onStoreError === 'closed') throw new ServiceUnavailableError('rate-limit', 1);
    if (onStoreError === 'open') return unlimited;
    const divided = dividedLimits(limits, replicas);
    const decision = this.#local.reserve(subject, divided, points, costMicros, Number.POSITIVE_INFINITY);
    if (decision.lease) this.#locally.add(decision.lease);
    return decision;
  }

  /** An answer that came too late admitted a request that was decided otherwise meanwhile. */
  #undo(late: QuotaDecision): void {
    if (late.lease) this.#deliver({ lease: late.lease, costMicros: 0 });
  }

  /** Settles, or keeps the settlement until Redis is back. */
  #deliver(settlement: Undelivered): void {
    const { lease, costMicros } = settlement;
    this.#redis.settle(lease, costMicros).then(
      () => this.#makeUp(),
      () => {
        if (this.#undelivered.length < MAX_UNDELIVERED) this.#undelivered.push(settlement);
        this.#retry ??= setTimeout(() => this.#makeUp(), RETRY_MS).unref();
      },
    );
  }

  /** Delivers what Redis has missed, one after the other: each success calls for the next. */
  #makeUp(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const next = this.available ? this.#undelivered.shift() : undefined;
    if (next) this.#deliver(next);
  }

  #changed(available: boolean): void {
    const { onStoreError, logger = silentLogger, events } = this.#options;
    const mode: StoreMode = available ? 'shared' : onStoreError;
    if (available) logger.info('Redis is back: it decides on limits again', { mode });
    else logger.warn('Redis is unavailable: limits are decided without it', { mode });
    events?.publish('storeMode', { store: 'rate_limit', mode });
    if (available) this.#makeUp();
  }
}

const unlimited: QuotaDecision = Object.freeze({
  allowed: true,
  dimension: undefined,
  limit: Number.POSITIVE_INFINITY,
  remaining: Number.POSITIVE_INFINITY,
  resetMs: 0,
  windows: [],
  running: 0,
  lease: undefined,
});
