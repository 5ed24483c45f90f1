import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createProxyMiddleware, type Options, type Plugin } from 'http-proxy-middleware';
import { guardConnect, guardFirstByte, guardIdle } from './timeouts.js';
import type { Exchange, Transport } from './transport.js';

/** Where http-proxy-middleware's hooks, which know only `req`, find the exchange that it belongs to. */
const exchanges = new WeakMap<IncomingMessage, Exchange>();

/**
 * The default transport: http-proxy-middleware 4, with httpxy underneath. One instance serves every service,
 * since the target is chosen for each request, and each instance would hang a listener on the server. Its own
 * error plugin is left out: it answers, and then calls `next`.
 */
export function httpProxyTransport(): Transport {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxFreeSockets: 256 }),
    'https:': new HttpsAgent({ keepAlive: true, maxFreeSockets: 256 }),
  };
  const proxy = createProxyMiddleware({
    router: (req, _res, options) => addressed(req, options, agents),
    ejectPlugins: true,
    plugins: [hooks],
    selfHandleResponse: true,
    ignorePath: true,
  });
  return {
    forward(exchange) {
      exchanges.set(exchange.req, exchange);
      void proxy(exchange.req, exchange.res, (error) => exchange.onFailure(error as Error));
    },
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

type Agents = Readonly<Record<'http:' | 'https:', HttpAgent>>;

/** The options of one request: http-proxy-middleware gives this hook a copy of its own. */
function addressed(req: IncomingMessage, options: Options, agents: Agents) {
  const { target, path, body } = exchangeOf(req);
  const { protocol, hostname, port } = target;
  options.agent = agents[protocol];
  if (body) options.buffer = body;
  return { protocol, hostname, port, pathname: path };
}

const hooks: Plugin = (proxy) => {
  proxy.on('start', (req) => lendHeaders(req, exchangeOf(req)));
  proxy.on('proxyReq', (proxyReq: ClientRequest, req: IncomingMessage) => {
    guardConnect(proxyReq, exchangeOf(req));
    guardFirstByte(proxyReq, exchangeOf(req));
  });
  proxy.on('proxyRes', (upstream: IncomingMessage, req: IncomingMessage) => {
    const exchange = exchangeOf(req);
    guardIdle(upstream, exchange);
    exchange.onResponse(upstream);
  });
  proxy.on('error', (error, req) => {
    if (req) exchangeOf(req).onFailure(error);
  });
  // The client left: its response's end tells the rest.
  proxy.on('econnreset', () => undefined);
};

/** httpxy copies `req.headers` right after `start`. What others read from the request stays as it was. */
function lendHeaders(req: IncomingMessage, exchange: Exchange): void {
  const received = req.headers;
  replaceHeaders(req, exchange.headers as IncomingMessage['headers']);
  queueMicrotask(() => replaceHeaders(req, received));
}

function replaceHeaders(req: IncomingMessage, headers: IncomingMessage['headers']): void {
  if (req.httpVersionMajor < 2) req.headers = headers;
  else Object.defineProperty(req, 'headers', { value: headers, configurable: true });
}

function exchangeOf(req: IncomingMessage): Exchange {
  return exchanges.get(req) as Exchange;
}
