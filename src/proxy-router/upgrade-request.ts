import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { hasBody } from './replay.js';
import { pairsOf } from './response-headers.js';

/** Whether an upgrade is one to a WebSocket (RFC 6455, section 4.1), rather than to h2c, or from a confused client. */
export function isWebSocketRequest(req: IncomingMessage): boolean {
  return (
    req.method === 'GET' &&
    req.httpVersion === '1.1' &&
    !hasBody(req) &&
    tokensOf(req.headers.upgrade).includes('websocket')
  );
}

/**
 * Gives a request back to its server as if it asked for no upgrade, which a server may ignore (RFC 9110, section 7.8):
 * Node does so where nobody listens. Its body, if it has one, is then read as such.
 */
export function serveAsRequest(
  server: EventEmitter,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`];
  for (const [name, value] of pairsOf(req.rawHeaders)) {
    const kept = withoutUpgrade(name.toLowerCase(), value);
    if (kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit((socket as Partial<TLSSocket>).encrypted ? 'secureConnection' : 'connection', socket);
}

function withoutUpgrade(lowerName: string, value: string): string | undefined {
  if (lowerName === 'upgrade') return undefined;
  if (lowerName !== 'connection') return value;
  const others = tokensOf(value).filter((token) => token !== 'upgrade');
  return others.length > 0 ? others.join(', ') : undefined;
}

function tokensOf(field: string | undefined): string[] {
  return (field ?? '').split(',').map((token) => token.trim().toLowerCase());
}
