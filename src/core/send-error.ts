import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { type GatewayError, RateLimitError } from './errors.js';
import type { Next } from './middleware.js';
import { isThenable } from './thenable.js';

/** The shape of error bodies: the documented JSON, or RFC 9457 `application/problem+json`. */
export type ErrorFormat = 'json' | 'problem';

/**
 * Answers a refusal in place of the default answer. It must either answer or call `next`: `next(error)` hands
 * the error to Express, whose default handling honours its `status` and `headers`.
 */
export type ErrorHandler = (
  error: GatewayError,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
) => void;

/** Options that every factory takes for its refusals. */
export interface ErrorOptions {
  /** Answers a refusal in place of the default answer: see `ErrorHandler`. Default: it is answered at once, in `errorFormat`. */
  readonly onError?: ErrorHandler | undefined;
  /** Bodies of errors: `json`, or `problem` for RFC 9457. Default `json`. */
  readonly errorFormat?: ErrorFormat | undefined;
}

/** The one function through which a factory refuses. It answers or calls `next`, never both. */
export function errorHandler(options: ErrorOptions): ErrorHandler {
  const format = options.errorFormat ?? 'json';
  const onError = options.onError;
  return function refuse(error, req, res, next) {
    if (req.gateway) req.gateway.refusal = error;
    if (onError === undefined) {
      sendError(error, res, format);
      return;
    }
    const answer = (): void => sendError(error, res, format);
    try {
      const handled: unknown = onError(error, req, res, next);
      if (isThenable(handled)) handled.then(undefined, answer);
    } catch {
      answer();
    }
  };
}

/** Answers with an error, or cuts the connection where an answer has already begun. */
export function sendError(error: GatewayError, res: ServerResponse, format: ErrorFormat = 'json'): void {
  if (res.headersSent) {
    if (!res.writableEnded) res.destroy();
    return;
  }
  const body = JSON.stringify(format === 'problem' ? problem(error) : error.body);
  const length = Buffer.byteLength(body);
  for (const name of Object.keys(error.headers)) res.setHeader(name, error.headers[name] as string);
  res.writeHead(error.status, {
    'Content-Type': format === 'problem' ? 'application/problem+json' : 'application/json; charset=utf-8',
    'Content-Length': length,
  });
  // At the end of the turn of the event loop: many refusals cost less when they are written one after the other.
  const encoding = length === body.length ? 'latin1' : 'utf8'; // What is ASCII is written with the head as it is.
  setImmediate(() => res.end(body, encoding));
}

/** The problem type for exceeded limits of draft-ietf-httpapi-ratelimit-headers-11. */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** RFC 9457, section 3: the documented body's members become extension members. */
function problem(error: GatewayError): Record<string, unknown> {
  const { error: title, message, ...extensions } = error.body;
  const limited = error instanceof RateLimitError;
  return {
    type: limited ? QUOTA_EXCEEDED : 'about:blank',
    title: limited ? title : STATUS_CODES[error.status],
    status: error.status,
    detail: message ?? title,
    code: error.code,
    ...extensions,
    ...(limited && { 'violated-policies': [error.limitType] }),
  };
}
