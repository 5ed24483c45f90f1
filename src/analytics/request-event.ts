import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import type { Ending } from '../core/outcome.js';

/** What is recorded of one request, when its response has ended. */
export interface RequestEvent {
  readonly service: string;
  readonly tier: string;
  readonly method: string;
  /** 499 where the client left before there was an answer. */
  readonly status: number;
  readonly durationMs: number;
  /** Dollars. */
  readonly cost: number;
  readonly ending: Ending;
  /** The limit that refused the request, if one did. */
  readonly limitType: string | undefined;
  /** False where it would have, had it not been a dry run. */
  readonly limitEnforced: boolean;
}

/** What a service label says where a request was for none. */
export const NO_SERVICE = 'none';

/** Describes a request that has just ended. */
export function requestEvent(
  req: IncomingMessage,
  context: GatewayContext,
  ending: Ending,
  durationMs: number,
): RequestEvent {
  const { outcome, service, identity, cost, rateLimit } = context;
  return {
    service: service?.name ?? NO_SERVICE,
    tier: identity?.tier ?? 'none',
    method: req.method ?? 'GET',
    status: outcome.status,
    durationMs,
    cost: cost?.actual ?? cost?.estimated ?? costOfService(context),
    ending,
    limitType: rateLimit?.allowed === false ? rateLimit.dimension : undefined,
    limitEnforced: rateLimit?.enforced ?? true,
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
