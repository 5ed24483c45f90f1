export type { AttachOptions, UpgradeServer } from './attach-upgrades.js';
export type { LoadBalancing } from './balancer.js';
export type { CostedResponse, CostOptions, CostRule, EstimateCost } from './cost-options.js';
export type { HashBy } from './hash-key.js';
export type {
  AccessRule,
  AuthenticationMethod,
  HeaderRules,
  ProxyRouterOptions,
  ServiceOptions,
  ServicesOptions,
} from './options.js';
export { type ProxyRouterMiddleware, proxyRouter } from './proxy-router.js';
export type {
  EjectionOptions,
  HealthCheckOptions,
  PoolOptions,
  RetryOptions,
} from './resilience-options.js';
export type { TargetOptions, TargetTlsOptions } from './target-options.js';
export type { TargetState, Targets } from './targets.js';
export type { TimeoutOptions } from './timeout-options.js';
export type {
  Attempt,
  Flow,
  ResponseHead,
  RunningAttempt,
  Timeouts,
  Transport,
} from './transport.js';
