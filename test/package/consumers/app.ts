import express from 'express';
import express4 from 'express4';
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type Identity,
  type Listener,
  type Middleware,
} from 'gatewright';
import { type AnalyticsOptions, analytics } from 'gatewright/analytics';
import { type AuditOptions, audit } from 'gatewright/audit';
import { type AuthenticateOptions, authenticate } from 'gatewright/authenticate';
import { type BulkheadOptions, bulkhead } from 'gatewright/bulkhead';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { type ProxyRouterOptions, proxyRouter } from 'gatewright/proxy-router';
import { type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { type StartOptions, startGateway } from 'gatewright/server';
import { drive } from './scenario.cjs';

/** Every factory and its options have a name, and fit where they go. */
export const factories: {
  analytics: (options?: AnalyticsOptions) => Middleware;
  audit: (options?: AuditOptions) => unknown;
  authenticate: (options?: AuthenticateOptions) => Middleware;
  bulkhead: (options: BulkheadOptions) => Middleware;
  circuitBreaker: (options?: CircuitBreakerOptions) => Middleware;
  proxyRouter: (options: ProxyRouterOptions) => Middleware;
  rateLimit: (options?: RateLimitOptions) => Middleware;
  startGateway: (options: StartOptions) => Promise<unknown>;
} = { analytics, audit, authenticate, bulkhead, circuitBreaker, proxyRouter, rateLimit, startGateway };

function mountIn(gateway: Gateway) {
  const app = express();
  app.use(gateway);
  app.get('/app', (req, res) => {
    const identity: Identity | undefined = req.gateway?.identity;
    res.send(identity === undefined ? 'the app' : identity.id);
  });
  return app;
}

/** The types of Express 4 are others than those of Express 5. */
function mountInExpress4(gateway: Gateway) {
  const app = express4();
  app.use(gateway);
  app.get('/app', (req, res) => {
    const identity: Identity | undefined = req.gateway?.identity;
    res.send(identity === undefined ? 'the app' : identity.id);
  });
  return app;
}

/** An app without its `listen`. */
const listenerOf =
  (app: Listener): Listener =>
  (req, res) =>
    app(req, res);

async function main(): Promise<void> {
  const make = (options: GatewayOptions): Gateway => createGateway(options);
  await drive(make, (gateway: Gateway) => listenerOf(mountIn(gateway)));
  await drive(make, (gateway: Gateway) => listenerOf(mountInExpress4(gateway)));
}

void main();
