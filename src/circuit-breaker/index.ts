export { type CircuitBreakerMiddleware, circuitBreaker } from './circuit-breaker.js';
export type { CircuitBreakerOptions } from './options.js';
