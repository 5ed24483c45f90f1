import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientAddress, directClient } from './client-ip.js';
import type { Dimension } from './dimensions.js';
import type { GatewayError } from './errors.js';
import type { Identity } from './identity.js';
import { Outcome } from './outcome.js';
import { subjectOf } from './subject.js';
import type { ServiceLimits } from './tiers.js';

declare module 'http' {
  interface IncomingMessage {
    /** What gatewright knows and has decided about this request. There once one of its middlewares has run. */
    gateway?: GatewayContext;
  }
}

export type { Identity, IdentityMetadata } from './identity.js';

/**
 * The service that a request is for. Written by the context step of a gateway, else by `proxyRouter()`; rewritten by
 * `circuitBreaker()` where another service takes over.
 */
export interface ServiceMatch {
  /** The service's name. */
  readonly name: string;
  /** Path prefix, such as `/api/kgot`. */
  readonly path: string;
  /** What goes upstream: path and query, byte for byte as received, without the prefix if it is stripped, and
   * without a ticket, which `authenticate()` takes out. */
  readonly rest: string;
  /** Estimated cost of a request, in dollars. */
  readonly cost: number;
  /** Limits of its own; false for none at all. */
  readonly rateLimit?: ServiceLimits | false | undefined;
  /** Permissions that the identity must have. */
  readonly permissions: readonly string[];
  /** Whether no credential is needed. */
  readonly anonymous?: boolean | undefined;
  /** The methods of authentication that are accepted; undefined for all. */
  readonly authentication?: readonly string[] | undefined;
  /** Whether the accepted credential goes upstream too. */
  readonly forwardCredentials: boolean;
}

/** What `rateLimit()` decided. */
export interface RateLimitDecision {
  readonly allowed: boolean;
  /** Whether a refusal is carried out: false in a dry run. */
  readonly enforced: boolean;
  /** Whom the limits are counted for, such as `key:…` or `ip:…`. */
  readonly subject: string;
  readonly tier: string;
  /**
   * The tightest dimension; of a refusal, the one that refused: `load` where the request was shed, as the process is
   * overloaded. Undefined where nothing is limited.
   */
  readonly dimension: Dimension | 'load' | undefined;
  /** The tightest dimension's ceiling: requests, dollars (`cost_per_hour`) or requests at a time. */
  readonly limit: number;
  /** What is left of it. */
  readonly remaining: number;
  /** Milliseconds until a refused request would pass, else until the current window ends. */
  readonly resetMs: number;
}

/** The money of one request, in dollars. */
export interface RequestCost {
  /** What was reserved before it ran. */
  readonly estimated: number;
  /** What was charged when it ended. */
  actual?: number;
}

/** Where the request was sent. Written by `proxyRouter()`. */
export interface Upstream {
  /** Origin of the target. For logs, never for clients. */
  readonly target: string;
  /** How many targets were tried. */
  readonly attempts: number;
  /** Milliseconds from forwarding to the upstream's header fields. */
  readonly timeToFirstByteMs?: number;
  /** What went wrong, where something did. */
  readonly failure?: UpstreamFailure;
}

/**
 * Why an upstream did not answer, or not to the end: a time-out; it could not be reached; its connection broke; what it
 * sent cannot be read; no target was well; all connections and places in the queue were taken.
 */
export type UpstreamFailure =
  | 'connect_timeout'
  | 'first_byte_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  | 'unreachable'
  | 'broken'
  | 'invalid'
  | 'no_target'
  | 'queue_full'
  | 'queue_timeout';

/**
 * How a WebSocket ended: by a Close frame of the client's or the upstream's; without one, by the client or by the
 * upstream; by the gateway, as nobody said anything, or as it was closed itself.
 */
export type WebSocketEnd = 'closed' | 'client_gone' | 'upstream_broke' | 'idle_timeout' | 'drained';

/** A WebSocket that was opened. Written by `proxyRouter()`. */
export interface WebSocketTraffic {
  /** Bytes from the client, framing included. */
  readonly bytesReceived: number;
  /** Bytes to the client. */
  readonly bytesSent: number;
  /** Undefined while it is open. */
  readonly end: WebSocketEnd | undefined;
}

/** What answered in place of the service that was asked. Written by `circuitBreaker()`. */
export interface Degraded {
  /** The service that was asked, or the breaker's name where there is none. */
  readonly service: string;
  /** Another service, a handler of the user's, or a response that was written beforehand. */
  readonly by: 'failover' | 'handler' | 'static';
}

/** What a bulkhead did with the request. Written by `bulkhead()`. */
export interface BulkheadPassage {
  /** What the bulkhead is for. */
  readonly key: string;
  /** How long the request waited for its place, in milliseconds; 0 where one was free. */
  readonly queuedMs: number;
  /** Why it got none, where it did not. */
  readonly refused?: 'full' | 'timeout' | 'closed' | undefined;
}

/** The one typed record on a request, `req.gateway`. Each field has one owner who writes it. */
export interface GatewayContext {
  /** Request id: the client's `X-Request-Id` if it is a sane token, else a new UUID. Sent both ways. */
  readonly id: string;
  /** The client's address behind trusted proxies. */
  readonly clientIp: string;
  /**
   * Whom limits and usage are counted for, by the identity that the request has so far: `key:<id>`, `jwt:<issuer>:<sub>`,
   * `hmac:<id>`, `custom:<id>`, or `ip:<address>` for whoever has none.
   */
  readonly subject: string;
  readonly outcome: Outcome;
  service: ServiceMatch | undefined;
  identity: Identity | undefined;
  /** Makes the token that tells an upstream whose request it gets. Written by `authenticate()` where it signs. */
  signIdentity: ((service: string | undefined) => string) | undefined;
  rateLimit: RateLimitDecision | undefined;
  cost: RequestCost | undefined;
  upstream: Upstream | undefined;
  webSocket: WebSocketTraffic | undefined;
  degraded: Degraded | undefined;
  bulkhead: BulkheadPassage | undefined;
  /** Why the request was refused, where one of gatewright's middlewares refused it. Written by whichever did. */
  refusal: GatewayError | undefined;
  /** Fields that carry the trace upstream, in place of the client's. Written by `tracing()`. */
  traceHeaders: Readonly<Record<string, string>> | undefined;
  /** Whether the gateway answers for CORS, so that an upstream's `Access-Control-*` fields are dropped. */
  ownsCors: boolean;
}

class RequestContext implements GatewayContext {
  readonly id: string;
  readonly outcome: Outcome;
  service: ServiceMatch | undefined = undefined;
  identity: Identity | undefined = undefined;
  signIdentity: ((service: string | undefined) => string) | undefined = undefined;
  rateLimit: RateLimitDecision | undefined = undefined;
  cost: RequestCost | undefined = undefined;
  upstream: Upstream | undefined = undefined;
  webSocket: WebSocketTraffic | undefined = undefined;
  degraded: Degraded | undefined = undefined;
  bulkhead: BulkheadPassage | undefined = undefined;
  refusal: GatewayError | undefined = undefined;
  traceHeaders: Readonly<Record<string, string>> | undefined = undefined;
  ownsCors = false;
  addresses: ClientAddress = directClient;
  readonly #req: IncomingMessage;
  #clientIp: string | undefined;
  #subject: string | undefined;
  /** Whose name that is. */
  #named: Identity | undefined;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.id = requestId(req.headers['x-request-id']);
    this.outcome = new Outcome(res);
    if (!res.headersSent) res.setHeader('X-Request-Id', this.id);
  }

  get clientIp(): string {
    this.#clientIp ??= this.addresses.of(this.#req);
    return this.#clientIp;
  }

  get subject(): string {
    if (this.#subject === undefined || this.#named !== this.identity) {
      this.#named = this.identity;
      this.#subject = subjectOf(this.identity, this.clientIp);
    }
    return this.#subject;
  }

  /** An explicit `trustProxy` of a later middleware is better than the default of an earlier one. */
  trust(addresses: ClientAddress): void {
    if (this.addresses !== directClient) return;
    this.addresses = addresses;
    this.#clientIp = undefined;
    this.#subject = undefined;
  }
}

/** The request's context, made by whichever middleware comes first. */
export function contextOf(
  req: IncomingMessage,
  res: ServerResponse,
  addresses?: ClientAddress,
): GatewayContext {
  let context = req.gateway as RequestContext | undefined;
  if (context === undefined) {
    context = new RequestContext(req, res);
    req.gateway = context;
  }
  if (addresses !== undefined && addresses !== directClient) context.trust(addresses);
  return context;
}

/** How forwarding fields and the client's address are read for this request. */
export function addressesOf(context: GatewayContext): ClientAddress {
  return (context as RequestContext).addresses;
}

/** A token that can stand in a log line and a header field as it is. */
const saneId = /^[\w.:@=+/-]{1,128}$/;

function requestId(received: string | string[] | undefined): string {
  return typeof received === 'string' && saneId.test(received) ? received : randomUUID();
}
