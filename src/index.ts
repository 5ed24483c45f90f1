export {
  type AnalyticsMiddleware,
  type AnalyticsOptions,
  analytics,
  type MetricsReport,
} from './analytics/index.js';
export {
  type ApiKeyOptions,
  type ApiKeyRecord,
  type ApiKeyStore,
  ApiKeys,
  type AuthenticateMiddleware,
  type AuthenticateOptions,
  authenticate,
  type ConfiguredApiKey,
  type CreatedApiKey,
  MemoryApiKeyStore,
  type NewApiKey,
  requirePermissions,
} from './authenticate/index.js';
export {
  type CircuitBreakerMiddleware,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './circuit-breaker/index.js';
export type { TrustProxy } from './core/client-ip.js';
export { ConfigError } from './core/config-error.js';
export type {
  GatewayContext,
  Identity,
  RateLimitDecision,
  RequestCost,
  ServiceMatch,
  Upstream,
} from './core/context.js';
export type { Dimension } from './core/dimensions.js';
export { GatewayError } from './core/errors.js';
export { type BreakerEvent, type BreakerState, GatewayEvents } from './core/events.js';
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
  type ProxyRouterMiddleware,
  type ProxyRouterOptions,
  proxyRouter,
  type ServiceOptions,
  type ServicesOptions,
  type TargetOptions,
  type TimeoutOptions,
} from './proxy-router/index.js';
export {
  MemoryQuotaStore,
  type MemoryQuotaStoreOptions,
  type PerRequest,
  type QuotaDecision,
  type QuotaLease,
  type QuotaLimits,
  type QuotaStore,
  type QuotaWindow,
  type RateLimitMiddleware,
  type RateLimitOptions,
  rateLimit,
} from './rate-limit/index.js';
