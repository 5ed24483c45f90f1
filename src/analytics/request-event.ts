import type { IncomingMessage } from 'node:http';
import type { GatewayContext, UpstreamFailure, WebSocketTraffic } from '../core/context.js';
import type { Ending } from '../core/outcome.js';

/** What is recorded of one request, when its response has ended. */
export interface RequestEvent {
  readonly service: string;
  readonly tier: string;
  readonly method: string;
  /** 499 where the client left before there was an answer. */
  readonly status: number;
  /** Until the end, of a WebSocket until it was open. */
  readonly durationMs: number;
  /** Dollars. */
  readonly cost: number;
  readonly ending: Ending;
  /** The limit that refused the request, if one did. */
  readonly limitType: string | undefined;
  /** False where it would have, had it not been a dry run. */
  readonly limitEnforced: boolean;
  /** How many targets were tried in vain before one answered, or all had failed. */
  readonly retries: number;
  /** Why no upstream answered, or not to the end. */
  readonly upstreamFailure: UpstreamFailure | undefined;
  /** What passed through a WebSocket, and how it ended, where one was opened. */
  readonly webSocket: WebSocketTraffic | undefined;
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
  durationMs: number,
): RequestEvent {
  const { outcome, identity, cost, rateLimit, upstream, webSocket } = context;
  return {
    service: serviceOf(context),
    tier: identity?.tier ?? 'none',
    method: req.method ?? 'GET',
    status: outcome.status,
    durationMs,
    cost: cost?.actual ?? cost?.estimated ?? costOfService(context),
    ending,
    limitType: rateLimit?.allowed === false ? rateLimit.dimension : undefined,
    limitEnforced: rateLimit?.enforced ?? true,
    retries: Math.max(0, (upstream?.attempts ?? 0) - 1),
    upstreamFailure: upstream?.failure,
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
