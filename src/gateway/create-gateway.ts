import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnalyticsMiddleware } from '../analytics/index.js';
import type { ApiKeys, Tickets } from '../authenticate/index.js';
import type { BulkheadMiddleware } from '../bulkhead/index.js';
import type { CircuitBreakerMiddleware } from '../circuit-breaker/index.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { type Health, healthOf } from '../core/status.js';
import { Attachments } from '../proxy-router/attach-upgrades.js';
import type { AttachOptions, Targets, UpgradeServer } from '../proxy-router/index.js';
import type { RateLimitMiddleware } from '../rate-limit/index.js';
import { noEndpoints } from './generation.js';
import { Generations, type Reloaded } from './generations.js';
import { type GatewayOptions, gatewaySchema } from './options.js';
import type { Parts } from './parts.js';

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
  /**
   * Takes other options over from now on; requests that run end by the former ones. What has not changed goes on with all
   * that it knows, and limits go on with what was used. Wrong options change nothing, and neither does anything once it
   * is closed. Give a new object: what was changed in the former one is not seen.
   *
   * @throws ConfigError naming every wrong option
   */
  reload(options: GatewayOptions): Reloaded;
  /** Says at `/health/ready` that no further requests are wanted. Those that come are still served. */
  drain(): void;
  /** Opens no further WebSockets, and closes those that are open with the code 1001. Resolves when all are closed. */
  closeWebSockets(): Promise<void>;
  /**
   * Closes what it has opened: WebSockets, with the code 1001, idle connections to upstreams, and to Redis if it was
   * given a URL. Resolves when all are closed.
   *
   * @throws what the first part threw that could not be closed; the others are closed all the same
   */
  close(): Promise<void>;
}

/**
 * Composes the factories in one fixed order: analytics, CORS, authentication, permissions, limits, breaker,
 * bulkhead, proxy.
 *
 * @throws ConfigError naming every wrong option
 */
export function createGateway(options: GatewayOptions): Gateway {
  checkOptions('', gatewaySchema, options);
  const generations = new Generations(options);

  function gateway(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const { current } = generations;
    if (!current.handle(req, res, next, current.mounted)) next();
  }

  function listener(req: IncomingMessage, res: ServerResponse): void {
    const { current } = generations;
    const next = current.lastResort(res);
    if (!current.handle(req, res, next, current.direct)) current.refuse(req, res, next);
  }

  function listenerFor(app: Listener): Listener {
    return function gatewayBeforeApp(req, res) {
      const { current } = generations;
      if (!current.handle(req, res, current.lastResort(res), current.mounted)) app(req, res);
    };
  }

  const attachments = new Attachments({
    matches: (req) => generations.current.parts.router.match(req) !== undefined,
    serve(req, res) {
      const { current } = generations;
      current.handle(req, res, current.lastResort(res), noEndpoints);
    },
  });

  async function closeWebSockets(): Promise<void> {
    attachments.close();
    await generations.closeWebSockets();
  }

  async function close(): Promise<void> {
    attachments.close();
    await generations.close();
  }

  const own = {
    listener,
    listenerFor,
    attach: (server: UpgradeServer, own?: AttachOptions) => attachments.attach(server, own),
    health: () => healthOf(generations.current.parts.sources, new Date()),
    reload: (changed: GatewayOptions) => generations.reload(changed),
    drain: () => generations.drain(),
    closeWebSockets,
    close,
  };
  // What belongs to the options that hold now.
  const ofParts = {
    apiKeys: (parts: Parts) => parts.authenticate?.apiKeys,
    tickets: (parts: Parts) => parts.authenticate?.tickets,
    rateLimit: (parts: Parts) => parts.rateLimit,
    circuitBreaker: (parts: Parts) => parts.circuitBreaker,
    bulkhead: (parts: Parts) => parts.bulkhead,
    analytics: (parts: Parts) => parts.analytics,
    targets: (parts: Parts) => parts.router.targets,
  };
  for (const [name, pick] of Object.entries(ofParts))
    Object.defineProperty(gateway, name, { enumerable: true, get: () => pick(generations.current.parts) });
  return Object.assign(gateway, own) as Gateway;
}
