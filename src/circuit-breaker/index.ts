export type { BreakerInfo } from './breaker-info.js';
export type { CallOutcome } from './call-outcome.js';
export { type CircuitBreakerMiddleware, circuitBreaker } from './circuit-breaker.js';
export type { Fallback, FallbackHandler, StaticFallback } from './fallback-options.js';
export type { CircuitBreakerOptions, ServiceMatcher, SharedBreakerOptions } from './options.js';
export type { BreakerPolicyOptions } from './policy-options.js';
export type { ReplicaCount } from './shared-breakers.js';
