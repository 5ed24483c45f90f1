import type { IncomingMessage } from 'node:http';
import { fieldOf } from './response-headers.js';

/** RFC 9110, section 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether sending a request twice does what sending it once does, by its method or because its client says so. */
export function isIdempotent({ method = 'GET', headers }: IncomingMessage): boolean {
  return idempotent.has(method) || headers['idempotency-key'] !== undefined;
}

/** Whether a request has a body that flows from the client. */
export function hasBody(req: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (coding !== undefined) return true;
  if (length !== undefined) return length !== '0';
  if (req.httpVersionMajor < 2) return false;
  const { stream } = req as unknown as { stream: { endAfterHeaders: boolean } };
  return !stream.endAfterHeaders;
}

/** The length of a body as its client states it; undefined where it states none. */
export function statedLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Milliseconds that `Retry-After` asks for (RFC 9110, section 10.2.3); 0 for none, Infinity for what can't be read. */
export function retryAfterMs(rawHeaders: readonly string[], now = Date.now()): number {
  const value = fieldOf(rawHeaders, 'retry-after');
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? Number.POSITIVE_INFINITY : Math.max(0, date - now);
}
