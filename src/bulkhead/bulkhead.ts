import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf } from '../core/context.js';
import { InternalError, OverloadedError } from '../core/errors.js';
import { keyText } from '../core/key-of-request.js';
import type { MeasurementSource } from '../core/measurement.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import { Bulkheads } from './bulkheads.js';
import { limitsOf } from './limits.js';
import { bulkheadMeasurements } from './measurements.js';
import { type BulkheadOptions, bulkheadSchema } from './options.js';
import type { Places, Waiter } from './places.js';
import { Refusals } from './refusals.js';

/** How full a bulkhead is. */
export interface BulkheadState {
  readonly running: number;
  readonly queued: number;
}

/** What `bulkhead()` returns. */
export interface BulkheadMiddleware extends Middleware, MeasurementSource {
  /** How full each bulkhead is by its key, as far as requests run in it or wait for it. */
  states(): ReadonlyMap<string, BulkheadState>;
  /** Refuses those that wait, and whoever finds no place from now on; those that run go on. */
  close(): void;
}

/** Who is refused may ask again after so long, in seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Lets so many requests for one service run at a time, so that a slow one does not take the sockets and the memory of
 * the others. Further ones wait in a bounded queue, and then get 503 with `Retry-After`. A request holds its place
 * until its response has ended, or its WebSocket; one whose client leaves gives it up at once.
 *
 * @throws ConfigError for wrong options
 */
export function bulkhead(options: BulkheadOptions): BulkheadMiddleware {
  const config = checkOptions('bulkhead', bulkheadSchema, options);
  const refuse = errorHandler(config);
  const limits = limitsOf(options);
  const bulkheads = new Bulkheads(config);
  const refusals = new Refusals(config.maxBulkheads);
  const keyOf = config.key ?? ((_req, context) => context.service?.name ?? config.name);
  let closed = false;

  function bulkheadMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res);
    const { outcome } = context;
    const own = limits(context.service?.name);
    if (own === undefined) {
      next();
      return;
    }
    if (outcome.ending !== undefined) return; // The client has left, and nobody waits for an answer.
    let found: [string, Places];
    try {
      found = bulkheads.for(keyText(keyOf(req, context)), closed ? { ...own, maxQueue: 0 } : own);
    } catch (cause) {
      refuse(new InternalError(cause), req, res, next);
      return;
    }
    const [key, places] = found;
    const askedAt = performance.now();
    let isWaiting = false;
    const queuedMs = (): number => (isWaiting ? performance.now() - askedAt : 0);

    const waiter: Waiter = {
      enter() {
        context.bulkhead = { key, queuedMs: queuedMs() };
        outcome.onEnd(() => places.leave());
        if (isWaiting) goOn();
        else next();
      },
      refuse(why) {
        context.bulkhead = { key, queuedMs: queuedMs(), refused: why };
        refusals.count(key, why);
        const service = context.service?.name ?? config.name;
        refuse(new OverloadedError(service, RETRY_AFTER_SECONDS), req, res, next);
      },
    };

    /** No caller is left to hear what is thrown. */
    function goOn(): void {
      try {
        next();
      } catch (cause) {
        refuse(new InternalError(cause), req, res, next);
      }
    }

    isWaiting = places.ask(waiter);
    if (isWaiting) outcome.onEnd(() => places.forget(waiter));
  }

  function close(): void {
    closed = true;
    for (const [, places] of [...bulkheads]) places.close();
  }

  return Object.assign(bulkheadMiddleware, {
    states: () =>
      new Map([...bulkheads].map(([key, { running, queued }]) => [key, { running, queued }] as const)),
    measurements: () => bulkheadMeasurements(bulkheads, refusals),
    close,
  });
}
