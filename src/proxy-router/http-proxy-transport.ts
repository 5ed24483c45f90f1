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
      const { req, res } = exchange;
      const url = req.url as string;
      exchanges.set(req, exchange);
      // http-proxy-middleware parses the URL at once, to filter by path, and lets nothing pass that it can't parse.
      req.url = '/';
      void proxy(req, res, (error) => exchange.onFailure(error as Error));
      req.url = url;
    },
    close() {
      closeIdle(agents['http:']);
      closeIdle(agents['https:']);
    },
  };
}

/** Closes idle connections, and others as soon as they are. `destroy()` would cut running requests. */
function closeIdle(agent: HttpAgent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
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
    const exchange = exchangeOf(req);
    guardConnect(proxyReq, exchange);
    guardFirstByte(proxyReq, exchange);
    refuseUpgrade(proxyReq, exchange);
    // To httpxy, an answer on HTTP/2 looks finished when the client has left.
    if (req.httpVersionMajor >= 2) exchange.res.once('close', () => proxyReq.destroy());
  });
  proxy.on('proxyRes', (upstream: IncomingMessage, req: IncomingMessage) => {
    const exchange = exchangeOf(req);
    guardIdle(upstream, exchange);
    exchange.onResponse(upstream);
  });
  proxy.on('error', (error, req) => {
    if (req) exchangeOf(req).onFailure(error);
  });
};

/** A 101 (Switching Protocols), which nobody has asked for, is no `response`: nothing else would tell of it. */
function refuseUpgrade(proxyReq: ClientRequest, exchange: Exchange): void {
  proxyReq.once('upgrade', (_answer, socket) => {
    socket.destroy();
    exchange.onFailure(new Error('The upstream switched protocols unasked'));
  });
}

/**
 * httpxy copies `req.headers` right after `start`, and has noted a length of 0 before for requests without one. What
 * others read from the request stays as it was.
 */
function lendHeaders(req: IncomingMessage, exchange: Exchange): void {
  const received = req.headers;
  if (exchange.headers['content-length'] === undefined) delete received['content-length'];
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
