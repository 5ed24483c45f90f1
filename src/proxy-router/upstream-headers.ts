import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { directClient } from '../core/client-ip.js';
import { addressesOf, type GatewayContext } from '../core/context.js';
import { remembered } from '../core/remembered.js';
import { hostInTarget } from '../core/request-target.js';
import { changeRequest } from './header-rules.js';
import { connectionNames, isHopByHop } from './hop-by-hop.js';
import { pairsOf } from './response-headers.js';
import type { Service } from './service.js';
import type { Target } from './target.js';
import { isTrace, newTrace } from './trace-ids.js';

/** Our name in `Via` (RFC 9110, section 7.6.3). */
const PSEUDONYM = 'gatewright';

/** What becomes of a client's field: most go on; some only where the peer is trusted; some are this gateway's to write. */
type Passage = 'passes' | 'trusted' | 'withheld';

const passageOf = remembered((name): Passage => {
  if (isHopByHop(name, []) || written.has(name)) return 'withheld';
  if (!isWithheld(name, false)) return 'passes';
  return isWithheld(name, true) ? 'withheld' : 'trusted';
});

/** Fields that are written anew for each request, some of them by what the client's say. */
const written = new Set([
  'host',
  'via',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
  'traceparent',
]);

/**
 * The header fields that go upstream: the client's without those about its connection, without anything that
 * pretends to come from a gateway, and with what this gateway knows about the client.
 */
export function upstreamHeaders(
  req: IncomingMessage,
  context: GatewayContext,
  target: Target,
  service: Pick<Service, 'hostHeader' | 'headers'>,
): OutgoingHttpHeaders {
  const received = req.headers;
  const named = connectionNames(received.connection);
  const trusted = addressesOf(context).trustsPeer(req);
  const peer = directClient.of(req) || 'unknown';
  const host = hostOf(req);
  const proto = (req.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
  const element = `for=${node(peer)};host="${host.replace(/["\\]/g, '')}";proto=${proto}`;
  // First what each request has, so that all begin in one shape.
  const headers: OutgoingHttpHeaders = {
    host: service.hostHeader === 'client' ? host : target.host,
    via: join(received.via, `${req.httpVersion} ${PSEUDONYM}`),
    'x-request-id': context.id,
    'x-gateway-subject': printable(context.subject),
    'x-gateway-tier': printable(context.identity?.tier ?? 'free'),
    // `X-Forwarded-*` and `Forwarded` (RFC 7239): from the connection, and behind a trusted proxy's own words.
    'x-forwarded-for': trusted ? join(received['x-forwarded-for'], peer) : peer,
    'x-forwarded-proto': (trusted && received['x-forwarded-proto']) || proto,
    'x-forwarded-host': (trusted && received['x-forwarded-host']) || host,
    forwarded: trusted ? join(received.forwarded, element) : element,
    traceparent: named.includes('traceparent') ? undefined : received['traceparent'],
  };
  copyReceived(req, headers, trusted, named);
  if (isChunked(req)) headers['transfer-encoding'] = 'chunked';
  if (context.signIdentity) headers['x-gateway-identity'] = context.signIdentity(context.service?.name);
  addTrace(headers, context);
  changeRequest(headers, service.headers.request);
  return headers;
}

function copyReceived(
  { headers: received }: IncomingMessage,
  to: OutgoingHttpHeaders,
  trusted: boolean,
  named: readonly string[],
): void {
  for (const name in received) {
    const passage = passageOf(name);
    if (passage === 'withheld' || (passage === 'trusted' && !trusted) || named.includes(name)) continue;
    to[name] = received[name];
  }
}

/**
 * A name as a field can carry it: what is no printable ASCII is percent-encoded in UTF-8 (RFC 3986, section 2.1), and so
 * is the percent sign, so that no two names look alike to the upstream.
 */
function printable(name: string): string {
  if (/^[!-$&-~]*$/.test(name)) return name;
  return Buffer.from(name)
    .toString('latin1')
    .replace(/[^!-$&-~]/g, percentEncoded);
}

function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Trailers that go upstream: none that could be taken for the word of a gateway, or is about the connection. */
export function upstreamTrailers(rawTrailers: readonly string[]): [string, string][] {
  return pairsOf(rawTrailers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !isHopByHop(lower, []) && !isWithheld(lower, false);
  });
}

/**
 * Fields that only a gateway may write, and those that only a trusted proxy may, with dashes or, for upstreams that
 * fold them, underscores; so written, those that say where the body ends; HTTP/2 pseudo header fields; and `Expect`,
 * which this hop has answered already.
 */
function isWithheld(name: string, trusted: boolean): boolean {
  if (trusted && name.startsWith('x-forwarded-')) return false;
  return /^(?::|x[-_](?:gateway|forwarded)[-_]|(?:expect|content_length|transfer_encoding)$)/.test(name);
}

/**
 * A body without a length must be chunked: without either, its end could not be told, and what it holds would be
 * read as the next request. HTTP/2 needs neither for a body.
 */
function isChunked(req: IncomingMessage): boolean {
  const { headers } = req;
  if (headers['content-length'] !== undefined) return false;
  return headers['transfer-encoding'] !== undefined || (req.httpVersionMajor >= 2 && hasStreamedBody(req));
}

function hasStreamedBody(req: IncomingMessage): boolean {
  const { stream } = req as unknown as Http2ServerRequest;
  return !stream.endAfterHeaders;
}

function hostOf({ url = '/', headers }: IncomingMessage): string {
  return hostInTarget(url) ?? headers.host ?? String(headers[':authority'] ?? '');
}

/** What belongs to the client's trace does not go on with another one. */
function addTrace(headers: OutgoingHttpHeaders, { traceHeaders }: GatewayContext): void {
  if (traceHeaders?.['traceparent'] !== undefined) delete headers['tracestate'];
  if (traceHeaders) Object.assign(headers, traceHeaders);
  if (isTrace(headers['traceparent'])) return;
  delete headers['tracestate'];
  headers['traceparent'] = newTrace();
}

/** A node identifier: IPv6 addresses are bracketed and quoted (RFC 7239, section 6). */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

function join(received: string | string[] | undefined, own: string): string {
  return received === undefined || received.length === 0 ? own : `${received}, ${own}`;
}
