import dns from 'node:dns';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import type { Logger, Middleware } from 'gatewright';
import {
  type ProxyRouterMiddleware,
  type ProxyRouterOptions,
  proxyRouter,
  type Transport,
} from 'gatewright/proxy-router';
import { cleanup, serve } from '../helpers.js';

/** One request as an upstream has seen it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly body: string;
}

/** An upstream that reads and keeps every request, then answers what `answer` says, by default its name. */
export async function upstream(
  answer: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => res.end('from upstream'),
) {
  const seen: Seen[] = [];
  const server = await serve(async (req, res) => {
    const { method = '', url = '', headers, rawHeaders } = req;
    const body = await buffer(req).catch(() => undefined);
    if (body === undefined) return;
    seen.push({ method, url, headers, rawHeaders, body: body.toString('latin1') });
    answer(req, res);
  });
  return { ...server, seen };
}

/** An upstream that speaks in bytes: `speak` is called with the first bytes of each connection. */
export async function rawUpstream(speak: (socket: Socket, bytes: string) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => speak(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, port, server, sockets };
}

let makeTransport: (() => Transport) | undefined;

/** Gives all routers from now on such a transport in place of the default. */
export function useTransport(make: () => Transport): void {
  makeTransport = make;
}

/** What is expected over the default transport, or over undici, where they differ for a reason. */
export function byTransport<Expected>(expected: { default: Expected; undici: Expected }): Expected {
  return makeTransport ? expected.undici : expected.default;
}

/** A router closed after the test. */
export function routerOf(options: ProxyRouterOptions): ProxyRouterMiddleware {
  const router = proxyRouter({ ...(makeTransport && { transport: makeTransport() }), ...options });
  cleanup(() => router.close());
  return router;
}

/** A logger that keeps its warnings. */
export function keepWarnings() {
  const lines: Parameters<Logger['warn']>[] = [];
  const ignore = (): void => undefined;
  const logger: Logger = { info: ignore, warn: (...line) => lines.push(line), error: ignore };
  return { logger, lines };
}

/** Answers a request for no service. */
export const nobody: RequestListener = (_req, res) => {
  res.statusCode = 404;
  res.end('for nobody');
};

/** A bare server of a router, or of what stands before it and the router. */
export async function gateway(options: ProxyRouterOptions, ...before: Middleware[]) {
  const router = routerOf(options);
  const server = await serve((req, res) => {
    const [first, ...rest] = [...before, router];
    walk(first as Middleware, rest, req, res);
  });
  return { ...server, router };
}

function walk(step: Middleware, rest: Middleware[], req: IncomingMessage, res: ServerResponse): void {
  step(req, res, (error) => {
    const [next, ...others] = rest;
    if (error === undefined && next) walk(next, others, req, res);
    else nobody(req, res);
  });
}

/** Waits for what no event tells, a turn of the event loop at a time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a server has no connection left. */
export function idle(server: Server | NetServer): Promise<void> {
  return until(
    () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count === 0))),
  );
}

/** Gives a host name these IPv4 addresses, or, without any, a look-up that never ends. */
export function resolveTo(host: string, addresses?: readonly string[]): void {
  const real = dns.lookup as (...args: unknown[]) => void;
  const spy = jest.spyOn(dns, 'lookup') as jest.SpiedFunction<typeof real>;
  spy.mockImplementation((name, ...rest) => {
    const done = rest.at(-1) as (error: null, found: dns.LookupAddress[]) => void;
    if (name !== host) real(name, ...rest);
    else if (addresses)
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
  });
  cleanup(() => spy.mockRestore());
}
