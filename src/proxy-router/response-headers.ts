import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionNames, isHopByHop } from './hop-by-hop.js';

/** What this gateway has to say itself: an upstream's own words would contradict it. */
const owned = /^(?:x-request-id|ratelimit|ratelimit-policy|x-ratelimit-.+|access-control-.+)$/;

/** Fields of which a response may have several that all hold. */
const additive = new Set(['set-cookie', 'vary', 'link', 'warning']);

/** RFC 9112, section 4. The parser lets through more, at which Node would throw only when the head is written. */
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * Copies the upstream's status and header fields: duplicates and order kept, those about its connection left
 * out, and those that the gateway has set itself not contradicted.
 *
 * @throws where the answer cannot be relayed; nothing has been copied then
 */
export function copyResponseHead(from: IncomingMessage, to: ServerResponse, corsIsOurs: boolean): void {
  const { statusCode = 0, statusMessage = '' } = from;
  if (statusCode < 200) throw new Error(`The upstream answered with the status ${statusCode}`);
  to.statusCode = statusCode;
  if (to.req.httpVersionMajor < 2 && reasonPhrase.test(statusMessage)) to.statusMessage = statusMessage;
  const named = connectionNames(from.headers.connection);
  const raw = from.rawHeaders;
  const seen = new Set<string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const lower = name.toLowerCase();
    if (isHopByHop(lower, named) || isOurs(lower, to, corsIsOurs)) continue;
    const value = raw[at + 1] as string;
    if (seen.has(lower) || additive.has(lower)) to.appendHeader(name, value);
    else to.setHeader(name, value);
    seen.add(lower);
  }
}

function isOurs(lower: string, to: ServerResponse, corsIsOurs: boolean): boolean {
  if (!owned.test(lower)) return false;
  return lower.startsWith('access-control-') ? corsIsOurs : to.hasHeader(lower);
}
