import type { IncomingMessage } from 'node:http';

const SUBPROTOCOLS = 'sec-websocket-protocol';

/** Whether a request asks for a WebSocket (RFC 6455, section 4.1). */
export function isWebSocketUpgrade({ headers: { upgrade } }: IncomingMessage): boolean {
  return upgrade !== undefined && /(?:^|,)\s*websocket\s*(?:$|,|\/)/i.test(upgrade);
}

/**
 * Takes the subprotocols that begin like this off a request (RFC 6455, section 11.3.4), and gives what stands behind
 * that in each.
 */
export function takeSubprotocols({ headers }: IncomingMessage, beginning: string): string[] {
  const field = headers[SUBPROTOCOLS];
  if (field === undefined || !field.includes(beginning)) return [];
  const names = field.split(',').map((name) => name.trim());
  const others = names.filter((name) => !name.startsWith(beginning));
  if (others.length > 0) headers[SUBPROTOCOLS] = others.join(', ');
  else delete headers[SUBPROTOCOLS];
  return names.filter((name) => name.startsWith(beginning)).map((name) => name.slice(beginning.length));
}

/**
 * A browser's WebSocket can have no header fields: an API key or a bearer token that comes as a subprotocol is read as
 * the field that it stands for. A field that is there is the first credential, and counts.
 */
export function readSubprotocols(req: IncomingMessage, keyHeader: string): void {
  const keys = takeSubprotocols(req, 'gateway.key.');
  const tokens = takeSubprotocols(req, 'gateway.bearer.');
  if (keys.length > 0) req.headers[keyHeader] ??= keys.join(', ');
  if (tokens.length > 0) req.headers.authorization ??= `Bearer ${tokens.join(', ')}`;
}
