import type { IncomingMessage } from 'node:http';
import { stringify } from 'node:querystring';

/** What body parsers leave on a request. */
interface ParsedRequest extends IncomingMessage {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** A body parser has read the body, and what it left can't be turned back into one. */
export class ConsumedBodyError extends Error {
  constructor() {
    super(
      'The body was read before the proxy, and neither req.rawBody nor req.body has it. Mount the proxy first.',
    );
  }
}

/**
 * The body as bytes, where something has read it before the proxy: `req.rawBody` if it was kept, else `req.body`
 * encoded again. Undefined where the body still flows from the request.
 *
 * @throws ConsumedBodyError where it is lost
 */
export function bufferedBody(req: ParsedRequest): Buffer | undefined {
  if (!req.readableDidRead) return undefined;
  if (Buffer.isBuffer(req.rawBody)) return req.rawBody;
  if (!hasBody(req)) return undefined;
  const body = encode(req.body, req.headers['content-type'] ?? '');
  if (body === undefined) throw new ConsumedBodyError();
  return body;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function encode(body: unknown, type: string): Buffer | undefined {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string' && !isJson(type)) return Buffer.from(body);
  if (body === undefined) return undefined;
  if (isJson(type)) return Buffer.from(JSON.stringify(body));
  if (/^application\/x-www-form-urlencoded\b/i.test(type) && isFlat(body))
    return Buffer.from(stringify(body));
  return undefined;
}

function isJson(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

function isFlat(body: unknown): body is Record<string, string | string[]> {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.values(body)
      .flat()
      .every((value) => typeof value === 'string')
  );
}
