import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadRequestError, PayloadTooLargeError } from '../core/errors.js';

/** How long the body of a request to one of the gateway's endpoints may be, in bytes. */
const LIMIT_BYTES = 65_536;

/** Answers with JSON. */
export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  res.end(body);
}

/**
 * The body of a request as JSON, or what a body parser has made of it. An empty body is an empty object.
 *
 * @throws BadRequestError, PayloadTooLargeError
 */
export async function readJson(req: IncomingMessage & { body?: unknown }): Promise<unknown> {
  if (req.body !== undefined) return req.body;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req) {
    length += (chunk as Buffer).length;
    if (length > LIMIT_BYTES) throw new PayloadTooLargeError(LIMIT_BYTES);
    chunks.push(chunk as Buffer);
  }
  if (length === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadRequestError('The body is not valid JSON');
  }
}
