import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import type { Middleware } from 'gatewright';

const cleanups: (() => unknown)[] = [];

/** Runs after the current test, last first. */
export function cleanup(action: () => unknown): void {
  cleanups.push(action);
}

afterEach(async () => {
  for (const action of cleanups.splice(0).reverse()) await action();
});

/** A real server on a free port of the loopback interface, closed after the test. */
export async function serve(
  listener: RequestListener,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, server };
}

/** The three ways in which a middleware is mounted. `last` answers what it passes on. */
export const mounts: readonly (readonly [
  string,
  (middleware: Middleware, last: RequestListener) => RequestListener,
])[] = [
  [
    'Express 5',
    (middleware, last) =>
      express5()
        .use(middleware)
        .use((req, res) => last(req, res)),
  ],
  [
    'Express 4',
    (middleware, last) =>
      express4()
        .use(middleware)
        .use((req, res) => last(req, res)),
  ],
  ['http.createServer', (middleware, last) => (req, res) => middleware(req, res, () => last(req, res))],
];

/** What came back. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
}

/** One request on a connection of its own. The path is sent as it is, dots and all. */
export async function send(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method = options.body === undefined ? 'GET' : 'POST', headers = {} } = options;
    const req = request({ hostname, port, path, method, headers, agent: false }, resolve);
    req.once('error', reject);
    req.end(options.body);
  });
  const body = await text(res);
  return { status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body };
}

/** Bytes written to a connection as they are; gives all that came back until the other side closed. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
