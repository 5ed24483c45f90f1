import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Attributes } from '@opentelemetry/api';
import type { GatewayContext } from '../core/context.js';
import type { Ending } from '../core/outcome.js';
import { pathOf } from '../core/path.js';

/** The methods that OpenTelemetry's conventions know; others are `_OTHER`. */
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** A value from a client is cut at so many characters. */
const LONGEST = 256;

/** The name of a span, of which there are few: method and service. */
export function spanName(req: IncomingMessage, { service }: GatewayContext): string {
  const method = methods.has(req.method ?? '') ? (req.method as string) : 'HTTP';
  return service ? `${method} ${service.path}` : method;
}

/**
 * What is known of a request when it comes, by OpenTelemetry's semantic conventions for HTTP servers. Its query is left
 * out: it may hold secrets.
 */
export function requestAttributes(req: IncomingMessage, context: GatewayContext): Attributes {
  const { headers, method = 'GET', httpVersion } = req;
  const known = methods.has(method);
  const attributes: Attributes = {
    'http.request.method': known ? method : '_OTHER',
    'url.path': pathOf(req.url ?? '/').slice(0, LONGEST),
    'url.scheme': (req.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http',
    'network.protocol.version': httpVersion === '2.0' ? '2' : httpVersion,
    'client.address': context.clientIp,
    'gateway.request_id': context.id,
  };
  if (!known) attributes['http.request.method_original'] = method.slice(0, LONGEST);
  const agent = headers['user-agent'];
  if (agent !== undefined) attributes['user_agent.original'] = agent.slice(0, LONGEST);
  const host = headers.host ?? headers[':authority'];
  if (typeof host === 'string') attributes['server.address'] = host.replace(/:\d+$/, '').slice(0, LONGEST);
  return attributes;
}

/** What is known when its response has ended. */
export function outcomeAttributes(context: GatewayContext, ending: Ending): Attributes {
  const { outcome, service, identity, cost, upstream, refusal, degraded } = context;
  const attributes: Attributes = { 'http.response.status_code': outcome.status, 'gateway.ending': ending };
  if (service) {
    attributes['http.route'] = service.path;
    attributes['gateway.service'] = service.name;
  }
  if (identity) attributes['gateway.tier'] = identity.tier;
  const dollars = cost?.actual ?? cost?.estimated;
  if (dollars !== undefined) attributes['gateway.cost'] = dollars;
  if (upstream) attributes['gateway.upstream.attempts'] = upstream.attempts;
  if (refusal) attributes['gateway.refusal'] = refusal.code;
  if (degraded) attributes['gateway.degraded'] = degraded.by;
  const error = upstream?.failure ?? (outcome.status >= 500 ? String(outcome.status) : undefined);
  if (error !== undefined) attributes['error.type'] = error;
  else if (ending === 'failed') attributes['error.type'] = 'broken';
  return attributes;
}
