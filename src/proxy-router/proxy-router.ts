import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusalOfAmbiguity } from '../core/ambiguous-request.js';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf, type ServiceMatch } from '../core/context.js';
import { BadRequestError, GatewayError, InternalError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import type { MeasurementSource } from '../core/measurement.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { pathOf } from '../core/path.js';
import { originForm } from '../core/request-target.js';
import { errorHandler, sendError } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { accessOf } from './access.js';
import { Attachments, type AttachOptions, type UpgradeServer } from './attach-upgrades.js';
import { estimatedCost } from './cost.js';
import { ProxyExchange } from './exchange.js';
import { httpProxyTransport } from './http-proxy-transport.js';
import { type ProxyRouterOptions, proxyRouterSchema } from './options.js';
import { upgradeOf } from './pending-upgrade.js';
import { poolMeasurements } from './pool-measurements.js';
import { RouteTable } from './route-table.js';
import { resolveServices, type Service, type ServiceListener } from './service.js';
import type { ExchangeReport, ServiceRequest } from './service-request.js';
import { Targets } from './targets.js';
import { upgradeTransport } from './upgrade-transport.js';
import { WebSocketTunnels } from './websocket-tunnels.js';

/** What a request is matched by. */
export type MatchedRequest = Pick<IncomingMessage, 'url' | 'method' | 'headers'>;

/** What `proxyRouter()` returns. */
export interface ProxyRouterMiddleware extends Middleware, StatusSource, MeasurementSource {
  /** The service that a request is for, by the longest matching path prefix. */
  match(req: MatchedRequest): ServiceMatch | undefined;
  /**
   * What a request would be if it were for another service: with that one's prefix, permissions and cost. It does not
   * ask whether it may. Undefined where there is no such service, or the request is for none.
   */
  matchNamed(req: IncomingMessage, name: string): ServiceMatch | undefined;
  /**
   * Opens the WebSockets of a server that are for a service: its upgrades pass through the router alone, or through
   * the app that it is mounted in.
   *
   * @returns stops it; those that are open stay
   */
  attach(server: UpgradeServer, options?: AttachOptions): () => void;
  /** Path prefix of each service by its name. */
  readonly services: ReadonlyMap<string, string>;
  /** Shows and changes the targets of the services while requests run. */
  readonly targets: Targets;
  /** Leaves the servers that it is attached to, and closes WebSockets with the code 1001. Resolves when all are closed. */
  closeWebSockets(): Promise<void>;
  /**
   * Leaves the servers that it is attached to, closes WebSockets with the code 1001 and idle connections to upstreams,
   * and stops health checks. Resolves when all WebSockets are closed.
   */
  close(): Promise<void>;
}

/**
 * Forwards requests to services by path prefix. What is matched is forwarded byte for byte; streams stay
 * streams; a client that leaves ends the upstream request. A request for no service goes to `next`.
 *
 * @throws ConfigError for wrong options, two services of one path or name
 */
export function proxyRouter(options: ProxyRouterOptions): ProxyRouterMiddleware {
  const config = checkOptions('', proxyRouterSchema, options);
  const logger = config.logger ?? silentLogger;
  const transport = config.transport ?? httpProxyTransport();
  const changed: ServiceListener = (service, target, up, by) => {
    const change = { service, target: target.origin, by };
    if (up) logger.info('A target is back', change);
    else logger.warn('A target is out', change);
    config.events?.publish('target', { ...change, up });
  };
  const services = resolveServices(config.services, changed, (target) => transport.forget?.(target));
  const table = new RouteTable(services);
  const byName = new Map(services.map((service) => [service.name, service]));
  const addresses = compileTrustProxy(config.trustProxy);
  const refuse = errorHandler(config);
  const tunnels = new WebSocketTunnels();
  const report: ExchangeReport = {
    retried(request, target, cause) {
      const about = { ...named(request), target: target.origin, cause: reasonOf(cause) };
      logger.info('Another target is tried', about);
    },
    failed(request, cause, target, refusal) {
      const about = { ...named(request), target: target?.origin, cause: reasonOf(cause) };
      logger.warn('Upstream failed', about);
      if (refusal) refuse(refusal, request.req, request.res, request.next);
    },
    costRejected(request, cause) {
      logger.warn('An actual cost is not believed', { ...named(request), cause });
    },
  };
  const attachments = new Attachments({ matches: (req) => match(req) !== undefined, serve: serveUpgrade });

  function proxyRouterMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const given = req.gateway?.service;
    const matched = given ?? match(req);
    const service = matched && byName.get(matched.name);
    if (matched === undefined || service === undefined) {
      next();
      return;
    }
    const context = contextOf(req, res, addresses);
    context.service = matched;
    const refusal = given === undefined ? refusalOfAmbiguity(req) : undefined;
    if (refusal) {
      refuse(refusal, req, res, next);
      return;
    }
    const pending = upgradeOf(req, res);
    const opening = pending && { pending, tunnels };
    forward({ req, res, next, context, match: matched, service, opening });
  }

  function forward(request: ServiceRequest): void {
    const { req, res, next, context, service, opening } = request;
    if (context.outcome.ending !== undefined) return; // The client has left, and nobody waits for an answer.
    if (Number.isNaN(request.match.cost)) {
      const cause = new Error(`The cost of service ${service.name} is no amount`);
      refuse(new InternalError(cause), req, res, next);
      return;
    }
    if (opening && !service.websocket) {
      refuse(new BadRequestError('This service opens no WebSockets'), req, res, next);
      return;
    }
    try {
      new ProxyExchange(request, opening ? upgradeTransport : transport, report).start();
    } catch (cause) {
      report.failed(request, cause as Error, undefined, new InternalError(cause));
    }
  }

  /** Nobody is behind the router: what `onError` passes on is answered here. */
  function serveUpgrade(req: IncomingMessage, res: ServerResponse): void {
    proxyRouterMiddleware(req, res, (error) =>
      sendError(error instanceof GatewayError ? error : new InternalError(error), res, config.errorFormat),
    );
  }

  function match(req: MatchedRequest): ServiceMatch | undefined {
    const url = originForm(req.url ?? '/');
    const path = pathOf(url);
    const route = table.match(path);
    if (route === undefined) return undefined;
    const { service } = route;
    const behind = url.slice(path.length - route.rest.length);
    return matchOf(service, req, behind, url);
  }

  function matchNamed(req: IncomingMessage, name: string): ServiceMatch | undefined {
    const asked = req.gateway?.service ?? match(req);
    const from = asked && byName.get(asked.name);
    const service = byName.get(name);
    if (asked === undefined || from === undefined || service === undefined) return undefined;
    const behind = from.stripPrefix ? asked.rest : asked.rest.slice(prefixOf(from).length);
    return matchOf(service, req, behind, prefixOf(service) + behind);
  }

  /** @param behind what stands behind the service's prefix @param whole the same with the prefix */
  function matchOf(service: Service, req: MatchedRequest, behind: string, whole: string): ServiceMatch {
    const { permissions, anonymous, authentication } = accessOf(service, req.method ?? 'GET', behind);
    return {
      name: service.name,
      path: service.path,
      rest: service.stripPrefix ? behind : whole,
      cost: estimatedCost(service.cost, req, behind),
      rateLimit: service.rateLimit,
      permissions,
      anonymous,
      authentication,
      forwardCredentials: service.forwardCredentials,
    };
  }

  function status(): StatusReport {
    return { services: Object.fromEntries(services.map(({ name, pool }) => [name, pool.available])) };
  }

  async function closeWebSockets(): Promise<void> {
    attachments.close();
    await tunnels.close();
  }

  async function close(): Promise<void> {
    for (const { pool } of services) pool.close();
    transport.close();
    await closeWebSockets();
  }

  const paths = new Map(services.map(({ name, path }) => [name, path]));
  const targets = new Targets(byName);
  return Object.assign(proxyRouterMiddleware, {
    match,
    matchNamed,
    attach: (server: UpgradeServer, options?: AttachOptions) => attachments.attach(server, options),
    services: paths,
    targets,
    status,
    measurements: () => poolMeasurements(services),
    closeWebSockets,
    close,
  });
}

/** What a log says of a request. */
function named({ context, service }: ServiceRequest) {
  return { requestId: context.id, service: service.name };
}

/** What a path is taken off by; the root's is nothing. */
function prefixOf({ path }: Service): string {
  return path === '/' ? '' : path;
}

/** For a host none of whose addresses can be reached, Node's error has a code and no message. */
function reasonOf(cause: unknown): string {
  const { message, code } = cause as NodeJS.ErrnoException;
  return message || String(code);
}
