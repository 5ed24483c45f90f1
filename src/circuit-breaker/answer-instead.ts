import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, type Degraded, type GatewayContext, type ServiceMatch } from '../core/context.js';
import { InternalError, ServiceUnavailableError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import type { Next } from '../core/middleware.js';
import type { ErrorHandler } from '../core/send-error.js';
import type { Breaker } from './breaker.js';
import { firstThatTakes } from './failover.js';
import { prepareFallback, type RunFallback } from './fallback.js';
import type { ResolvedCircuitBreaker } from './options.js';
import type { Policies } from './policies.js';
import type { BreakerPolicy } from './policy-options.js';

/** A breaker in the way of a request. */
export interface Gate {
  readonly key: string;
  readonly policy: BreakerPolicy;
  readonly breaker: Breaker;
}

/** Tells clients that somebody else has answered: `failover` for another service, else `fallback`. */
const DEGRADED_FIELD = 'X-Gateway-Degraded';

interface Surroundings {
  readonly config: ResolvedCircuitBreaker;
  readonly policies: Policies;
  readonly refuse: ErrorHandler;
  /** Whether the breaker of the service that a request is for now lets it through. It may throw. */
  readonly admit: (req: IncomingMessage, res: ServerResponse, context: GatewayContext) => boolean;
}

/**
 * Answers what an open breaker does not let through: by another service, by a fallback, else by a 503. A fallback that
 * throws or hangs leaves the 503.
 */
export function answerInstead({ config, policies, refuse, admit }: Surroundings) {
  const { matchService, logger = silentLogger } = config;
  const prepared = new Map<BreakerPolicy, RunFallback>();
  for (const policy of policies.all) {
    const { fallback, fallbackTimeoutMs } = policy;
    if (fallback) prepared.set(policy, prepareFallback(fallback, fallbackTimeoutMs, logger));
  }

  /** Has another service take the request over, if its breaker lets it through. */
  function takeOver(
    match: ServiceMatch,
    req: IncomingMessage,
    res: ServerResponse,
    context: GatewayContext,
  ): boolean {
    const asked = context.service;
    context.service = match;
    let isAdmitted = false;
    try {
      isAdmitted = admit(req, res, context);
    } finally {
      if (!isAdmitted) context.service = asked;
    }
    return isAdmitted;
  }

  return function instead(gate: Gate, req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res);
    const service = context.service?.name ?? config.name;
    const { policy, breaker } = gate;

    function mark(by: Degraded['by']): void {
      context.degraded = { service, by };
      if (!res.headersSent) res.setHeader(DEGRADED_FIELD, by === 'failover' ? 'failover' : 'fallback');
    }

    function refuseIt(): void {
      context.degraded = undefined;
      if (!res.headersSent) res.removeHeader(DEGRADED_FIELD);
      const seconds = Math.max(1, Math.ceil(breaker.retryAfterMs / 1000));
      refuse(new ServiceUnavailableError(service, seconds), req, res, next);
    }

    function fallBack(): void {
      const fallback = prepared.get(policy);
      if (fallback === undefined) {
        refuseIt();
        return;
      }
      mark(typeof policy.fallback === 'function' ? 'handler' : 'static');
      fallback(req, res, refuseIt);
    }

    if (matchService === undefined || policy.failover.length === 0) {
      fallBack();
      return;
    }
    firstThatTakes(policy.failover, req, matchService, {
      take: (match) => takeOver(match, req, res, context),
      taken() {
        mark('failover');
        next();
      },
      nobody: fallBack,
      threw: (cause) => refuse(new InternalError(cause), req, res, next),
    });
  };
}
