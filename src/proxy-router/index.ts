export type {
  AccessRule,
  AuthenticationMethod,
  ProxyRouterOptions,
  ServiceOptions,
  ServicesOptions,
  TargetOptions,
  TimeoutOptions,
} from './options.js';
export { type ProxyRouterMiddleware, proxyRouter } from './proxy-router.js';
