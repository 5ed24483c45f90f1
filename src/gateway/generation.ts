import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf } from '../core/context.js';
import { GatewayError, InternalError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { errorHandler, sendError } from '../core/send-error.js';
import { compose } from './compose.js';
import { endpointPaths } from './endpoint-paths.js';
import { createEndpoints, type Endpoints } from './endpoints.js';
import { failoverMatcher } from './failover.js';
import type { Lasting } from './lasting.js';
import type { GatewayOptions } from './options.js';
import type { PartGeneration } from './part-shelf.js';
import { createParts, type Parts } from './parts.js';
import { notFound, refuseAmbiguity, servicePermissions } from './steps.js';

/** WebSockets are for services alone. */
export const noEndpoints: Endpoints = () => undefined;

/** What a gateway is by one set of options. Requests that it has begun to handle end in it, whatever comes after. */
export class Generation {
  readonly parts: Parts;
  /** Endpoints of a gateway that is served directly, and of one that is mounted. */
  readonly direct: Endpoints;
  readonly mounted: Endpoints;
  readonly #shelf: PartGeneration;
  readonly #addresses: ReturnType<typeof compileTrustProxy>;
  readonly #errorFormat: GatewayOptions['errorFormat'];
  readonly #serve: Middleware;
  readonly #refuseUnmatched: Middleware;
  readonly #matchService: Lasting['matchService'];
  #running = 0;
  #onIdle: (() => void) | undefined;

  /** @throws ConfigError for what the schema does not find */
  constructor(options: GatewayOptions, lasting: Lasting, shelf: PartGeneration, isReady: () => boolean) {
    const paths = endpointPaths(options);
    const parts = createParts(options, lasting, shelf);
    const {
      analytics,
      audit,
      cors,
      addressLimit,
      authenticate,
      rateLimit,
      circuitBreaker,
      bulkhead,
      router,
    } = parts;
    const refuse = errorHandler(options);
    const plain = refuseAmbiguity(refuse);
    this.parts = parts;
    this.#shelf = shelf;
    this.#addresses = compileTrustProxy(options.trustProxy);
    this.#errorFormat = options.errorFormat;
    this.#serve = compose([
      options.tracing,
      analytics,
      audit,
      plain,
      cors,
      addressLimit,
      authenticate,
      servicePermissions(refuse),
      rateLimit,
      circuitBreaker,
      bulkhead, // Behind the breaker: who is refused by that one takes no place, and a full one is no failure.
      router,
    ]);
    this.#refuseUnmatched = compose([options.tracing, analytics, audit, plain, cors, notFound(refuse)]);
    this.direct = createEndpoints(paths.direct, parts, options, isReady);
    this.mounted = createEndpoints(paths.mounted, parts, options, isReady);
    this.#matchService = failoverMatcher({
      router,
      apiKeys: authenticate?.apiKeys,
      anonymousPaths: (options.authenticate ? options.authenticate.anonymous?.paths : undefined) ?? [],
    });
  }

  /** Takes over from the one before. */
  begin(lasting: Lasting): void {
    this.#shelf.keep();
    lasting.matchService = this.#matchService;
    const { analytics, router, authenticate, bulkhead } = this.parts;
    lasting.turn();
    lasting.measure(analytics, { router, authenticate, bulkhead, config: lasting.config });
  }

  /** Handles what is for an endpoint or a service, and says whether it was. */
  handle(req: IncomingMessage, res: ServerResponse, next: Next, endpoints: Endpoints): boolean {
    const endpoint = endpoints(req);
    const service = endpoint ? undefined : this.parts.router.match(req);
    if (endpoint === undefined && service === undefined) return false;
    const context = contextOf(req, res, this.#addresses);
    context.service = service;
    this.#running += 1;
    context.outcome.onEnd(this.#ended);
    (endpoint ?? this.#serve)(req, res, next);
    return true;
  }

  /** Answers a request for no endpoint and no service. */
  refuse(req: IncomingMessage, res: ServerResponse, next: Next): void {
    contextOf(req, res, this.#addresses);
    this.#refuseUnmatched(req, res, next);
  }

  /** Where nobody is behind the gateway, an error that `onError` passes on is answered here. */
  lastResort(res: ServerResponse): Next {
    return (error) =>
      sendError(error instanceof GatewayError ? error : new InternalError(error), res, this.#errorFormat);
  }

  /** Resolves when no request runs in it. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Closes the parts that no other generation uses. */
  release(): Promise<void> {
    return this.#shelf.release();
  }

  readonly #ended = (): void => {
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
  };
}
