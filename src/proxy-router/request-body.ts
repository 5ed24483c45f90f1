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
  if (Buffer.isBuffer(req.body)) return req.body;
  const type = req.headers['content-type'] ?? '';
  const encoding = encodingOf(type);
  const text = textOf(req.body, type, encoding);
  if (text === undefined || encoding === undefined) throw new ConsumedBodyError();
  return Buffer.from(text, encoding);
}

function textOf(body: unknown, type: string, encoding: string | undefined): string | undefined {
  if (isJson(type) && !isJsonText(body)) return JSON.stringify(body);
  if (typeof body === 'string') return body;
  if (encoding === 'utf8' && isForm(type) && isFlat(body)) return stringify(body);
  return undefined;
}

function isJson(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

/** Whether a parser of text has left the JSON as it came, and not a parser of JSON the string that it held. */
function isJsonText(body: unknown): body is string {
  if (typeof body !== 'string') return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function isForm(type: string): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(type);
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

/** The encoding of a media type, where Node can write it. */
function encodingOf(type: string): BufferEncoding | undefined {
  const charset = /;\s*charset="?([\w-]+)/i.exec(type)?.[1] ?? 'utf-8';
  if (/^(?:utf-?8|us-ascii)$/i.test(charset)) return 'utf8';
  return /^(?:iso-8859-1|latin1)$/i.test(charset) ? 'latin1' : undefined;
}
