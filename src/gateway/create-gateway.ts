import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnalyticsMiddleware } from '../analytics/index.js';
import type { ApiKeys, Tickets } from '../authenticate/index.js';
import type { BulkheadMiddleware } from '../bulkhead/index.js';
import type { CircuitBreakerMiddleware } from '../circuit-breaker/index.js';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf } from '../core/context.js';
import { GatewayError, InternalError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler, sendError } from '../core/send-error.js';
import { type Health, healthOf } from '../core/status.js';
import { Attachments } from '../proxy-router/attach-upgrades.js';
import type { AttachOptions, Targets, UpgradeServer } from '../proxy-router/index.js';
import type { RateLimitMiddleware } from '../rate-limit/index.js';
import { compose } from './compose.js';
import { endpointPaths } from './endpoint-paths.js';
import { createEndpoints, type Endpoints } from './endpoints.js';
import { type GatewayOptions, gatewaySchema } from './options.js';
import { createParts } from './parts.js';
import { notFound, refuseAmbiguity, servicePermissions } from './steps.js';

/** Answers a request, as the listener of an `http.Server` and an Express app do. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * A gateway. As a middleware it is mounted in an app: a request for no service goes on, and its own endpoints are
 * there only if `endpoints` is given.
 */
export interface Gateway extends Middleware {
  /** Serves the gateway directly, which is the fast way: `http.createServer(gateway.listener)`. */
  readonly listener: Listener;
  /** Serves an app behind the gateway: the app does not touch requests for services. */
  listenerFor(app: Listener): Listener;
  /**
   * Opens the WebSockets of a server that are for a service: its upgrades pass the whole gateway, as requests do, or
   * the app that it is mounted in. Others are left to whoever listens to upgrades too, or else served as requests.
   *
   * @returns stops it; those that are open stay
   */
  attach(server: UpgradeServer, options?: AttachOptions): () => void;
  /** Makes API keys. Undefined where `authenticate` is switched off. */
  readonly apiKeys: ApiKeys | undefined;
  /** Makes tickets. Undefined where they are switched off, or `authenticate` is. */
  readonly tickets: Pick<Tickets, 'issue'> | undefined;
  /** Changes and explains limits. Undefined where `rateLimit` is switched off. */
  readonly rateLimit: Pick<RateLimitMiddleware, 'limits' | 'explain' | 'load'> | undefined;
  /** Shows, isolates and resets breakers. Undefined where `circuitBreaker` is switched off. */
  readonly circuitBreaker:
    | Pick<CircuitBreakerMiddleware, 'states' | 'list' | 'isolate' | 'reset'>
    | undefined;
  /** Shows how full bulkheads are. Undefined where no service has one. */
  readonly bulkhead: Pick<BulkheadMiddleware, 'states'> | undefined;
  /** What was recorded: figures, usage, Prometheus metrics, alerts. Undefined where `analytics` is switched off. */
  readonly analytics:
    | Pick<AnalyticsMiddleware, 'report' | 'usage' | 'registry' | 'observe' | 'firing'>
    | undefined;
  /** Shows, adds, drains and removes the targets of services. */
  readonly targets: Targets;
  /** What `GET /health` answers. */
  health(): Health;
  /** Says at `/health/ready` that no further requests are wanted. Those that come are still served. */
  drain(): void;
  /** Opens no further WebSockets, and closes those that are open with the code 1001. Resolves when all are closed. */
  closeWebSockets(): Promise<void>;
  /**
   * Closes what it has opened: WebSockets, with the code 1001, idle connections to upstreams, and to Redis if it was
   * given a URL. Resolves when all are closed.
   */
  close(): Promise<void>;
}

/** WebSockets are for services alone. */
const noEndpoints: Endpoints = () => undefined;

/**
 * Composes the factories in one fixed order: analytics, CORS, authentication, permissions, limits, breaker,
 * bulkhead, proxy.
 *
 * @throws ConfigError naming every wrong option
 */
export function createGateway(options: GatewayOptions): Gateway {
  checkOptions('', gatewaySchema, options);
  const paths = endpointPaths(options);
  const parts = createParts(options);
  const { analytics, audit, cors, addressLimit, authenticate, rateLimit, circuitBreaker, bulkhead, router } =
    parts;
  const addresses = compileTrustProxy(options.trustProxy);
  const refuse = errorHandler(options);
  const plain = refuseAmbiguity(refuse);
  const permissions = servicePermissions(refuse);

  const serve = compose([
    options.tracing,
    analytics,
    audit,
    plain,
    cors,
    addressLimit,
    authenticate,
    permissions,
    rateLimit,
    circuitBreaker,
    bulkhead, // Behind the breaker: who is refused by that one takes no place, and a full one is no failure.
    router,
  ]);
  const refuseUnmatched = compose([options.tracing, analytics, audit, plain, cors, notFound(refuse)]);
  let draining = false;
  const isReady = (): boolean => !draining;
  const directEndpoints = createEndpoints(paths.direct, parts, options, isReady);
  const mountedEndpoints = createEndpoints(paths.mounted, parts, options, isReady);

  /** Handles what is for an endpoint or a service, and says whether it was. */
  function handle(req: IncomingMessage, res: ServerResponse, next: Next, endpoints: Endpoints): boolean {
    const endpoint = endpoints(req);
    const service = endpoint ? undefined : router.match(req);
    if (endpoint === undefined && service === undefined) return false;
    contextOf(req, res, addresses).service = service;
    (endpoint ?? serve)(req, res, next);
    return true;
  }

  /** Where nobody is behind the gateway, an error that `onError` passes on is answered here. */
  function lastResort(res: ServerResponse): Next {
    return (error) =>
      sendError(error instanceof GatewayError ? error : new InternalError(error), res, options.errorFormat);
  }

  function gateway(req: IncomingMessage, res: ServerResponse, next: Next): void {
    if (!handle(req, res, next, mountedEndpoints)) next();
  }

  function listener(req: IncomingMessage, res: ServerResponse): void {
    const next = lastResort(res);
    if (handle(req, res, next, directEndpoints)) return;
    contextOf(req, res, addresses);
    refuseUnmatched(req, res, next);
  }

  function listenerFor(app: Listener): Listener {
    return function gatewayBeforeApp(req, res) {
      if (!handle(req, res, lastResort(res), mountedEndpoints)) app(req, res);
    };
  }

  const attachments = new Attachments({
    matches: (req) => router.match(req) !== undefined,
    serve: (req, res) => handle(req, res, lastResort(res), noEndpoints),
  });

  async function closeWebSockets(): Promise<void> {
    attachments.close();
    await router.closeWebSockets();
  }

  async function close(): Promise<void> {
    draining = true;
    attachments.close();
    await parts.close();
  }

  return Object.assign(gateway, {
    listener,
    listenerFor,
    attach: (server: UpgradeServer, own?: AttachOptions) => attachments.attach(server, own),
    apiKeys: authenticate?.apiKeys,
    tickets: authenticate?.tickets,
    analytics,
    targets: parts.router.targets,
    health: () => healthOf(parts.sources, new Date()),
    rateLimit,
    circuitBreaker,
    bulkhead,
    drain() {
      draining = true;
    },
    closeWebSockets,
    close,
  });
}
