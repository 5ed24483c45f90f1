import { LimiterQuotaStore } from './limiter-store.js';
import { MemoryQuotaStore } from './memory-quota-store.js';
import type { ResolvedRateLimit } from './options.js';
import type { QuotaLimits, QuotaStore } from './quota-store.js';
import { ResilientQuotaStore } from './resilient-quota-store.js';

/** Where usage is counted, by the options. */
export interface ChosenStore {
  readonly store: QuotaStore;
  /** How long a lease holds: in memory, for as long as the request, whose end is always seen. */
  readonly leaseMs: number;
  /** Whether Redis answers; undefined where none is used. */
  readonly redisAvailable: () => boolean | undefined;
  /** Those limits as they hold now: a replica that decides alone has its share of them. */
  readonly inForce: (limits: QuotaLimits) => QuotaLimits;
}

export function createStore(config: ResolvedRateLimit): ChosenStore {
  const { leaseMs, redis } = config;
  const redisAvailable = (): undefined => undefined;
  const inForce = (limits: QuotaLimits): QuotaLimits => limits;
  if (config.store) {
    const isMemory = config.store instanceof MemoryQuotaStore;
    const holdMs = isMemory ? Number.POSITIVE_INFINITY : leaseMs;
    return { store: config.store, leaseMs: holdMs, redisAvailable, inForce };
  }
  if (config.limiter)
    return { store: new LimiterQuotaStore(config.limiter), leaseMs, redisAvailable, inForce };
  if (redis === undefined) {
    const store = new MemoryQuotaStore({ maxSubjects: config.maxSubjects });
    return { store, leaseMs: Number.POSITIVE_INFINITY, redisAvailable, inForce };
  }
  const store = new ResilientQuotaStore({ ...config, client: redis, timeoutMs: config.storeTimeoutMs });
  return {
    store,
    leaseMs,
    redisAvailable: () => store.available,
    inForce: (limits) => store.inForce(limits),
  };
}
