import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { remembered } from '../core/remembered.js';
import { connectionNames, isHopByHop } from './hop-by-hop.js';
import type { ResponseHead } from './transport.js';

/** What this gateway has to say itself: an upstream's own words would contradict it. */
const owned = /^(?:x-request-id|ratelimit|ratelimit-policy|x-ratelimit-.+|x-gateway-degraded)$/;

/** Fields of which a response may have several that all hold. */
const additive = new Set(['set-cookie', 'vary', 'link', 'warning']);

/** RFC 9112, section 4. The parser lets through more, at which Node would throw only when the head is written. */
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]+$/;

/** Transfer codings that are undone here. What has another one would be relayed without saying so. */
const readable = /^(?:chunked|identity)$/i;

/** What is done with a field, by its name. */
interface FieldKind {
  readonly lower: string;
  /** Whether it stays on its connection, whatever `Connection` names. */
  readonly hopByHop: boolean;
  readonly owned: boolean;
  readonly cors: boolean;
  readonly additive: boolean;
}

const kindOf = remembered((name): FieldKind => {
  const lower = name.toLowerCase();
  return {
    lower,
    hopByHop: isHopByHop(lower, []),
    owned: owned.test(lower),
    cors: lower.startsWith('access-control-'),
    additive: additive.has(lower),
  };
});

/** Changes the value of a response's field on its way to the client. */
export type FieldRewrite = (lowerName: string, value: string) => string;

/**
 * Copies the upstream's status and header fields: duplicates and order kept, those about its connection left
 * out, and those that the gateway has set itself not contradicted.
 *
 * @throws where the answer cannot be relayed; nothing has been copied then
 */
export function copyResponseHead(
  from: ResponseHead,
  to: ServerResponse,
  corsIsOurs: boolean,
  rewrite?: FieldRewrite,
): void {
  if (from.statusCode < 200) throw new Error(`The upstream answered with the status ${from.statusCode}`);
  const coding = fieldOf(from.rawHeaders, 'transfer-encoding');
  if (coding !== undefined && !readable.test(coding))
    throw new Error(`The upstream answered with the transfer coding ${coding}`);
  copyHead(from, to, corsIsOurs, rewrite);
}

/** The same for any status, such as 101 (Switching Protocols). */
export function copyHead(
  { statusCode, statusMessage, rawHeaders }: ResponseHead,
  to: ServerResponse,
  corsIsOurs: boolean,
  rewrite?: FieldRewrite,
): void {
  to.statusCode = statusCode;
  if (
    statusMessage !== STATUS_CODES[statusCode] &&
    to.req.httpVersionMajor < 2 &&
    reasonPhrase.test(statusMessage)
  )
    to.statusMessage = statusMessage;
  const named = connectionNames(fieldOf(rawHeaders, 'connection'));
  const seen: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const kind = kindOf(name);
    const { lower } = kind;
    if (kind.hopByHop || named.includes(lower) || isOurs(kind, to, corsIsOurs)) continue;
    const received = rawHeaders[at + 1] as string;
    const value = rewrite ? rewrite(lower, received) : received;
    if (kind.additive || seen.includes(lower)) to.appendHeader(name, value);
    else to.setHeader(name, value);
    seen.push(lower);
  }
}

/** Passes 103 (RFC 8297) on to whoever may understand it. */
export function relayEarlyHints(
  { statusCode, rawHeaders }: ResponseHead,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  if (statusCode !== 103 || res.headersSent || req.httpVersion === '1.0') return;
  const link = pairsOf(rawHeaders).flatMap(([name, value]) => (name.toLowerCase() === 'link' ? value : []));
  if (link.length > 0) res.writeEarlyHints({ link });
}

/** Names and values in turn as pairs. */
export function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
  return pairs;
}

/** All values of a field, joined as a list; undefined where it is not there. The name is in lower case. */
export function fieldOf(rawHeaders: readonly string[], lowerName: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    const value = rawHeaders[at + 1] as string;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

function isOurs({ lower, owned, cors }: FieldKind, to: ServerResponse, corsIsOurs: boolean): boolean {
  return (cors && corsIsOurs) || (owned && to.hasHeader(lower));
}
