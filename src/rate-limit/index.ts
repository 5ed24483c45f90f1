export { MemoryQuotaStore, type MemoryQuotaStoreOptions } from './memory-quota-store.js';
export type { PerRequest, RateLimitOptions } from './options.js';
export type { QuotaDecision, QuotaLease, QuotaLimits, QuotaStore, QuotaWindow } from './quota-store.js';
export { type RateLimitMiddleware, rateLimit } from './rate-limit.js';
