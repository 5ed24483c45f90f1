import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, type GatewayContext } from '../core/context.js';
import { InternalError, ServiceUnavailableError } from '../core/errors.js';
import type { BreakerState } from '../core/events.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import type { Attempt } from './breaker.js';
import { Breakers } from './breakers.js';
import { type CircuitBreakerOptions, circuitBreakerSchema } from './options.js';

/** What `circuitBreaker()` returns. */
export interface CircuitBreakerMiddleware extends Middleware, StatusSource {
  /** The state of each breaker by its key, as far as there has been a request. */
  states(): ReadonlyMap<string, BreakerState>;
}

/**
 * Stops sending requests to what fails. It goes around whatever comes after it: a proxy or handlers of one's own.
 * A failure is a 5xx status; the client that went away, a 4xx and a 429 are none. While open it answers 503 with
 * `Retry-After`; then one request may try, and the others are refused until that one's status is known.
 *
 * @throws ConfigError for wrong options
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreakerMiddleware {
  const config = checkOptions('circuitBreaker', circuitBreakerSchema, options);
  const refuse = errorHandler(config);
  const breakers = new Breakers(config);
  const keyOf = config.key ?? ((_req, context) => context.service?.name ?? config.name);

  function circuitBreakerMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res);
    let key: string;
    try {
      key = String(keyOf(req, context));
    } catch (cause) {
      refuse(new InternalError(cause), req, res, next);
      return;
    }
    const breaker = breakers.for(key);
    const attempt = breaker.admit();
    if (attempt === undefined) {
      refuse(
        new ServiceUnavailableError(
          context.service?.name ?? config.name,
          Math.max(1, Math.ceil(breaker.retryAfterMs / 1000)),
        ),
        req,
        res,
        next,
      );
      return;
    }
    observe(context, attempt);
    next();
  }

  function status(): StatusReport {
    const middleware = { circuit_breaker: true };
    // Keys of the user's own making are no services.
    if (config.key) return { middleware };
    const services: Record<string, boolean> = {};
    for (const [key, state] of breakers.states()) services[key] = state === 'closed' || state === 'half-open';
    return { services, middleware };
  }

  return Object.assign(circuitBreakerMiddleware, { states: () => breakers.states(), status });
}

/** The verdict is known at the response's status, so that a long stream does not hold the half-open state. */
function observe(context: GatewayContext, attempt: Attempt): void {
  let told = false;
  const tell: Attempt = (verdict) => {
    if (told) return;
    told = true;
    attempt(verdict);
  };
  context.outcome.onHeaders(() => tell(context.outcome.status >= 500 ? 'failure' : 'success'));
  context.outcome.onEnd((ending) => tell(ending === 'failed' ? 'failure' : 'neutral'));
}
