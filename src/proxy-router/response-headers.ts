import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionNames, isHopByHop } from './hop-by-hop.js';

/** What this gateway has to say itself: an upstream's own words would contradict it. */
const owned = /^(?:x-request-id|ratelimit|ratelimit-policy|x-ratelimit-.+|access-control-.+)$/;

/** Fields of which a response may have several that all hold. */
const additive = new Set(['set-cookie', 'vary', 'link', 'warning']);

/**
 * Copies the upstream's status and header fields: duplicates and order kept, those about its connection left
 * out, and those that the gateway has set itself not contradicted.
 */
export function copyResponseHead(from: IncomingMessage, to: ServerResponse, corsIsOurs: boolean): void {
  to.statusCode = from.statusCode ?? 502;
  if (from.statusMessage && to.req.httpVersionMajor < 2) to.statusMessage = from.statusMessage;
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
