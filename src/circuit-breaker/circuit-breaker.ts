import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, type GatewayContext } from '../core/context.js';
import { InternalError } from '../core/errors.js';
import type { BreakerState } from '../core/events.js';
import { keyText } from '../core/key-of-request.js';
import { silentLogger } from '../core/logger.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { answerInstead, type Gate } from './answer-instead.js';
import { BreakerBoard } from './breaker-board.js';
import type { BreakerInfo } from './breaker-info.js';
import { type CircuitBreakerOptions, circuitBreakerSchema } from './options.js';
import { Policies } from './policies.js';
import { type CallReport, watchCall } from './watch-call.js';

/** What `circuitBreaker()` returns. */
export interface CircuitBreakerMiddleware extends Middleware, StatusSource {
  /** The state of each breaker by its key, as far as there has been a request. */
  states(): ReadonlyMap<string, BreakerState>;
  /** What is known of each breaker. */
  list(): BreakerInfo[];
  /**
   * Has a breaker refuse everything until it is reset, on all replicas where states are shared.
   *
   * @param by who does it. Default `code`.
   * @returns whether all replicas have been told; if not, they are as soon as Redis is back
   * @throws ConfigError for a key of more than 256 characters
   */
  isolate(key: string, by?: string): Promise<boolean>;
  /** Closes a breaker, isolated or open, and forgets what it has counted. The rest is as with `isolate`. */
  reset(key: string, by?: string): Promise<boolean>;
  /** Stops timers, and leaves the other replicas. */
  close(): Promise<void>;
}

/**
 * Stops sending requests to what fails. It goes around whatever comes after it: a proxy or handlers of one's own.
 * A failure is a 5xx status, or what `isFailure` says; the client that went away, a 4xx and a 429 are none. While open
 * it has another service or a fallback answer, or answers 503 with `Retry-After`; then one request may try, and the
 * others are refused until that one's status is known.
 *
 * @throws ConfigError for wrong options
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreakerMiddleware {
  const config = checkOptions('circuitBreaker', circuitBreakerSchema, options);
  const logger = config.logger ?? silentLogger;
  const refuse = errorHandler(config);
  const policies = new Policies(options, config);
  const board = new BreakerBoard(config, policies);
  const keyOf = config.key ?? ((_req, context) => context.service?.name ?? config.name);
  const instead = answerInstead({ config, policies, refuse, admit });

  const report: CallReport = {
    cut: ({ key }) => config.events?.publish('cut', { key }),
    judgeFailed: ({ key }, error) => logger.error('`isFailure` threw', { key, error: String(error) }),
  };

  /** What lets a request through, or does not; undefined where its service has no breaker. */
  function gateOf(req: IncomingMessage, context: GatewayContext): Gate | undefined {
    const policy = policies.of(context.service?.name);
    if (policy === false) return undefined;
    const key = keyText(keyOf(req, context));
    return { key, policy, breaker: board.breakers.for(key, policy) };
  }

  /** Lets a request for another service through, or not. */
  function admit(req: IncomingMessage, res: ServerResponse, context: GatewayContext): boolean {
    const gate = gateOf(req, context);
    return gate === undefined || enter(gate, req, res, context);
  }

  function enter(gate: Gate, req: IncomingMessage, res: ServerResponse, context: GatewayContext): boolean {
    const attempt = gate.breaker.admit();
    if (attempt === undefined) return false;
    watchCall({ req, res, context, attempt, gate }, report);
    return true;
  }

  function circuitBreakerMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res);
    let gate: Gate | undefined;
    try {
      gate = gateOf(req, context);
    } catch (cause) {
      refuse(new InternalError(cause), req, res, next);
      return;
    }
    if (gate === undefined || enter(gate, req, res, context)) next();
    else instead(gate, req, res, next);
  }

  function status(): StatusReport {
    const { redis } = board;
    const report = { middleware: { circuit_breaker: true }, ...(redis !== undefined && { redis }) };
    // Keys of the user's own making are no services.
    if (config.key) return report;
    const services: Record<string, boolean> = {};
    for (const [key, state] of board.states()) services[key] = state === 'closed' || state === 'half-open';
    return { services, ...report };
  }

  return Object.assign(circuitBreakerMiddleware, {
    states: () => board.states(),
    list: () => board.list(),
    isolate: (key: string, by?: string) => board.isolate(key, by),
    reset: (key: string, by?: string) => board.reset(key, by),
    status,
    close: () => board.close(),
  });
}
