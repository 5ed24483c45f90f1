export {
  type AnalyticsMiddleware,
  type AnalyticsOptions,
  analytics,
  type MetricsReport,
} from './analytics/index.js';
export { type AuditOptions, type AuditRecord, type AuditSink, type AuditType, audit } from './audit/index.js';
export {
  type Accepted,
  type ApiKeyChanges,
  type ApiKeyInfo,
  type ApiKeyInfoPage,
  type ApiKeyOptions,
  type ApiKeyPage,
  type ApiKeyRecord,
  type ApiKeyStore,
  type ApiKeys,
  type AuthenticateMiddleware,
  type AuthenticateOptions,
  authenticate,
  type ConfiguredApiKey,
  type CreatedApiKey,
  type IssuedTicket,
  type JwksOptions,
  type JwtClaims,
  type JwtOptions,
  type JwtPublicKey,
  type LockoutOptions,
  MemoryApiKeyStore,
  MemoryNonceStore,
  type MemoryNonceStoreOptions,
  MemoryTicketStore,
  type MemoryTicketStoreOptions,
  type NewApiKey,
  type NonceStore,
  RedisApiKeyStore,
  type RedisApiKeyStoreOptions,
  RedisNonceStore,
  type RedisNonceStoreOptions,
  RedisTicketStore,
  type RedisTicketStoreOptions,
  type Rejected,
  type RequestToSign,
  requirePermissions,
  type SignatureKey,
  type SignatureKeyResolver,
  type SignatureOptions,
  type SignedIdentityOptions,
  signRequest,
  type TicketOptions,
  type TicketStore,
  type Tickets,
  type Verdict,
  type Verifier,
} from './authenticate/index.js';
export {
  type CircuitBreakerMiddleware,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './circuit-breaker/index.js';
export type { TrustProxy } from './core/client-ip.js';
export { ConfigError } from './core/config-error.js';
export type {
  BulkheadPassage,
  Degraded,
  GatewayContext,
  Identity,
  RateLimitDecision,
  RequestCost,
  ServiceMatch,
  Upstream,
  WebSocketEnd,
  WebSocketTraffic,
} from './core/context.js';
export type { Dimension } from './core/dimensions.js';
export { GatewayError } from './core/errors.js';
export {
  type ApiKeyEvent,
  type BreakerEvent,
  type BreakerState,
  type BulkheadEvent,
  type CutEvent,
  GatewayEvents,
} from './core/events.js';
export type { Logger } from './core/logger.js';
export type { Middleware, Next } from './core/middleware.js';
export type { Ending, Outcome } from './core/outcome.js';
export type { ErrorFormat, ErrorHandler, ErrorOptions } from './core/send-error.js';
export type { Health, HealthStatus } from './core/status.js';
export { defaultTiers, type TierLimits } from './core/tiers.js';
export {
  type CorsOptions,
  createGateway,
  type EndpointsOptions,
  type Gateway,
  type GatewayOptions,
  type Listener,
} from './gateway/index.js';
export {
  type AccessRule,
  type AttachOptions,
  type AuthenticationMethod,
  type CostedResponse,
  type CostOptions,
  type CostRule,
  type EstimateCost,
  type ProxyRouterMiddleware,
  type ProxyRouterOptions,
  proxyRouter,
  type ServiceOptions,
  type ServicesOptions,
  type TargetOptions,
  type TimeoutOptions,
  type UpgradeServer,
} from './proxy-router/index.js';
export {
  type AddressLimitMiddleware,
  type AddressLimitOptions,
  addressLimit,
  type DimensionState,
  type Explanation,
  type LimiterLike,
  MemoryQuotaStore,
  type MemoryQuotaStoreOptions,
  type PerRequest,
  type QuotaDecision,
  type QuotaLease,
  type QuotaLimits,
  type QuotaState,
  type QuotaStore,
  type QuotaWindow,
  type RateLimitMiddleware,
  type RateLimitOptions,
  RedisQuotaStore,
  type RedisQuotaStoreOptions,
  type RuntimeLimits,
  rateLimit,
  type StoreErrorPolicy,
} from './rate-limit/index.js';
