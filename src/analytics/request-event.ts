import type { IncomingMessage } from 'node:http';
import type { Degraded, GatewayContext, UpstreamFailure, WebSocketTraffic } from '../core/context.js';
import type { Ending } from '../core/outcome.js';
import { boundedSubject } from '../core/subject.js';
import { saneCost } from './event-cost.js';

/** What is recorded of one request, when its response has ended. */
export interface RequestEvent {
  /** When it ended, in milliseconds since 1970 (UTC). */
  readonly timestamp: number;
  /** The request id. */
  readonly id: string;
  /** The service's name; `none` where it was for none. */
  readonly service: string;
  /** `none` for whoever has proved nothing. */
  readonly tier: string;
  /** Who sent it, such as `key:939a9e09` or `ip:192.0.2.1`. */
  readonly subject: string;
  readonly method: string;
  /** 499 where the client left before there was an answer. */
  readonly status: number;
  /** Until the end, of a WebSocket until it was open. Milliseconds. */
  readonly durationMs: number;
  /** Until the header fields were sent, in milliseconds. Undefined where they never were. */
  readonly timeToFirstByteMs: number | undefined;
  /** From forwarding to the upstream's header fields, in milliseconds. Undefined where there were none. */
  readonly upstreamMs: number | undefined;
  /** Of the request's body, or from the client through a WebSocket. */
  readonly bytesIn: number;
  /** Of the response's body, or to the client through a WebSocket. */
  readonly bytesOut: number;
  /** Dollars. */
  readonly cost: number;
  readonly ending: Ending;
  /** The code of the refusal, such as `ERR_GATEWAY_RATE_LIMIT_EXCEEDED`, where the gateway refused it. */
  readonly refusal: string | undefined;
  /** The limit that refused the request, if one did. */
  readonly limitType: string | undefined;
  /** False where it would have, had it not been a dry run. */
  readonly limitEnforced: boolean;
  /** How many targets were tried in vain before one answered, or all had failed. */
  readonly retries: number;
  /** Why no upstream answered, or not to the end. */
  readonly upstreamFailure: UpstreamFailure | undefined;
  /** What answered in place of the service that was asked, where something did. */
  readonly degraded: Degraded | undefined;
  /** What passed through a WebSocket, and how it ended, where one was opened. */
  readonly webSocket: WebSocketTraffic | undefined;
}

/** What was measured while a request ran. */
export interface Measured {
  readonly durationMs: number;
  readonly timeToFirstByteMs: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What a service label says where a request was for none. */
const NO_SERVICE = 'none';

/** What a service label says of a request. */
export function serviceOf({ service }: GatewayContext): string {
  return service?.name ?? NO_SERVICE;
}

/** Describes a request that has just ended. */
export function requestEvent(
  req: IncomingMessage,
  context: GatewayContext,
  ending: Ending,
  { durationMs, timeToFirstByteMs, bytesIn, bytesOut }: Measured,
): RequestEvent {
  const { outcome, identity, cost, rateLimit, refusal, upstream, webSocket } = context;
  return {
    timestamp: Date.now(),
    id: context.id,
    service: serviceOf(context),
    tier: identity?.tier ?? 'none',
    subject: boundedSubject(context.subject),
    method: req.method ?? 'GET',
    status: outcome.status,
    durationMs,
    timeToFirstByteMs,
    upstreamMs: upstream?.timeToFirstByteMs,
    bytesIn: webSocket?.bytesReceived ?? bytesIn,
    bytesOut: webSocket?.bytesSent ?? bytesOut,
    cost: saneCost(cost?.actual ?? cost?.estimated ?? costOfService(context)),
    ending,
    refusal: refusal?.code,
    limitType: rateLimit?.allowed === false ? rateLimit.dimension : undefined,
    limitEnforced: rateLimit?.enforced ?? true,
    retries: Math.max(0, (upstream?.attempts ?? 0) - 1),
    upstreamFailure: upstream?.failure,
    degraded: context.degraded,
    webSocket,
  };
}

/** Where no limiter keeps account: what the service costs, if it has answered. */
function costOfService({ service, upstream }: GatewayContext): number {
  return upstream?.timeToFirstByteMs === undefined ? 0 : (service?.cost ?? 0);
}

/** Whether a request counts as an error: the gateway or what is behind it failed. Being refused is none. */
export function isError({ status, ending }: RequestEvent): boolean {
  return status >= 500 || ending === 'failed';
}
