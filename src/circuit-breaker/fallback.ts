import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf } from '../core/context.js';
import type { Logger } from '../core/logger.js';
import { isThenable } from '../core/thenable.js';
import type { FallbackHandler, ResolvedFallback } from './fallback-options.js';

/**
 * Answers a request that an open breaker does not let through.
 *
 * @param giveUp refuses the request, where the fallback throws or begins no answer in time
 */
export type RunFallback = (req: IncomingMessage, res: ServerResponse, giveUp: () => void) => void;

/** Makes a fallback ready. */
export function prepareFallback(fallback: ResolvedFallback, timeoutMs: number, logger: Logger): RunFallback {
  return typeof fallback === 'function'
    ? (req, res, giveUp) => runHandler(fallback, timeoutMs, logger, req, res, giveUp)
    : staticAnswer(fallback);
}

/** A handler that throws after it has begun its answer has that cut by `giveUp`, as it can't be taken back. */
function runHandler(
  handler: FallbackHandler,
  timeoutMs: number,
  logger: Logger,
  req: IncomingMessage,
  res: ServerResponse,
  giveUp: () => void,
): void {
  const context = contextOf(req, res);
  let over = false;
  const fail = (error: unknown): void => {
    logger.error('A fallback failed', { requestId: context.id, error: String(error) });
    if (over) return;
    over = true;
    clearTimeout(timer);
    if (context.outcome.ending === undefined && !res.writableEnded) giveUp();
  };
  const timer = setTimeout(() => fail(`It has not begun an answer in ${timeoutMs} ms`), timeoutMs).unref();
  context.outcome.onHeaders(() => clearTimeout(timer));
  context.outcome.onEnd(() => clearTimeout(timer));
  try {
    const handled: unknown = handler(req, res, context);
    if (isThenable(handled)) handled.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

/** Everything that can be done beforehand is. */
function staticAnswer({ status, headers, body }: Exclude<ResolvedFallback, FallbackHandler>): RunFallback {
  const isText = typeof body === 'string';
  const isBytes = body instanceof Uint8Array;
  const bytes = isText || isBytes ? Buffer.from(body as string) : bytesOf(body);
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  const named = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const fields = Object.entries(headers);
  if (body !== undefined && !isBytes && !named.has('content-type')) fields.push(['Content-Type', type]);
  return function answerStatically(_req, res) {
    for (const [name, value] of fields) res.setHeader(name, value);
    if (status !== 204 && status !== 304) res.setHeader('Content-Length', bytes.length);
    res.writeHead(status);
    res.end(status === 204 || status === 304 ? undefined : bytes);
  };
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(body === undefined ? '' : JSON.stringify(body));
}
