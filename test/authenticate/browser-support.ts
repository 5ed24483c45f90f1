import { type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Middleware } from 'gatewright';
import { type AuthenticateOptions, authenticate, type TicketStore } from 'gatewright/authenticate';
import { type Answer, cleanup, send, serve } from '../helpers.js';
import { bare } from './support.js';

/** Upgrades walk the same way as requests, and are answered at once. */
export function answerUpgrades(server: Server, listener: RequestListener): void {
  server.on('upgrade', (req, socket) => {
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket as never);
    res.once('finish', () => socket.end());
    listener(req, res);
  });
}

/** What a browser sends to open a WebSocket, and fields of the test's own. */
export const webSocket = (headers: Record<string, string> = {}): Record<string, string> => ({
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  ...headers,
});

/** What a browser sends to read server-sent events. */
export const eventSource = { Accept: 'text/event-stream' };

/** A server for requests and upgrades behind a middleware, which tells what it lets through. */
export async function serveBoth(middleware: Middleware): Promise<{ url: string; port: number }> {
  const listener = bare(middleware, (req, res) => {
    const { identity } = req.gateway ?? {};
    res.end(JSON.stringify({ identity, url: req.url, headers: req.headers }));
  });
  const served = await serve(listener);
  answerUpgrades(served.server, listener);
  return served;
}

/** A server behind `authenticate()`, and a ticket of whoever asks it with these fields. */
export async function ticketed(options: AuthenticateOptions = {}) {
  const guard = authenticate({ lockout: false, ...options });
  cleanup(() => guard.close());
  const { url, port } = await serveBoth(guard);
  const issuing = await serve(
    bare(guard, (req, res) => {
      guard.tickets?.issue(req.gateway?.identity as never).then(
        ({ ticket }) => res.end(ticket),
        (error) => res.writeHead(error.status ?? 500).end(String(error)),
      );
    }),
  );
  const issued = (headers: Record<string, string>): Promise<Answer> => send(issuing.url, '/', { headers });
  const ticketFor = async (headers: Record<string, string>): Promise<string> => {
    const { status, body } = await issued(headers);
    if (status !== 200) throw new Error(`No ticket: ${status} ${body}`);
    return body;
  };
  /** Uses a ticket, and tells who was let in, or why nobody was. */
  const use = async (ticket: string, headers: Record<string, string> = eventSource) => {
    const { status, body } = await send(url, `/?ticket=${ticket}`, { headers });
    const told = JSON.parse(body);
    return status === 200 ? told.identity : [status, told.message];
  };
  return { url, port, guard, issuing, issued, ticketFor, use };
}

/** A store that counts what it is asked, and keeps nothing. */
export function idleStore() {
  const asked: string[] = [];
  const store: TicketStore = {
    put: () => undefined,
    take(key) {
      asked.push(key);
      return undefined;
    },
  };
  return { store, asked };
}
