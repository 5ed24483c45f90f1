export type { AdaptiveOptions, BehaviourOptions, LoadOptions } from './adaptive-options.js';
export { type AddressLimitMiddleware, addressLimit } from './address-limit.js';
export type { DimensionState, Explanation } from './explain.js';
export type { LimiterLike } from './limiter-store.js';
export type { LoadState } from './load-limit.js';
export { MemoryQuotaStore, type MemoryQuotaStoreOptions } from './memory-quota-store.js';
export type { AddressLimitOptions, PerRequest, RateLimitOptions, StoreErrorPolicy } from './options.js';
export type {
  QuotaDecision,
  QuotaLease,
  QuotaLimits,
  QuotaState,
  QuotaStore,
  QuotaWindow,
} from './quota-store.js';
export { type RateLimitMiddleware, rateLimit } from './rate-limit.js';
export { RedisQuotaStore, type RedisQuotaStoreOptions } from './redis-quota-store.js';
export type { RuntimeLimits } from './runtime-limits.js';
