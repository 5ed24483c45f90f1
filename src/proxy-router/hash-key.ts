import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '../core/context.js';

/** What consistent hashing goes by: who asks, from where, or the value of a header field or cookie. */
export type HashBy = 'identity' | 'address' | { readonly header: string } | { readonly cookie: string };

/** How much of a value counts, in characters: a client decides how long it is, and each request hashes it. */
const MAX_LENGTH = 1024;

/**
 * Reads what a request is hashed by; undefined where it has none, or an empty one.
 *
 * `identity` is the address where there is no identity. Of a field or cookie longer than 1,024 characters the first
 * 1,024 count, so that a long one still has a target of its own.
 */
export function hashKeyOf(by: HashBy): (req: IncomingMessage, context: GatewayContext) => string | undefined {
  const read = readerOf(by);
  return function hashKey(req, context) {
    return read(req, context)?.slice(0, MAX_LENGTH) || undefined;
  };
}

function readerOf(by: HashBy): (req: IncomingMessage, context: GatewayContext) => string | undefined {
  if (by === 'identity') return (_req, context) => context.subject;
  if (by === 'address') return (_req, context) => context.clientIp;
  if ('cookie' in by) return (req) => cookieIn(req.headers.cookie ?? '', by.cookie);
  const name = by.header.toLowerCase();
  return (req) => req.headers[name]?.toString();
}

/**
 * Value of the first cookie of exactly this name, as it was sent: RFC 6265, section 4.2.1. Nothing is decoded, as
 * nothing needs to be for a hash.
 */
function cookieIn(field: string, name: string): string | undefined {
  for (const pair of field.split(';')) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
