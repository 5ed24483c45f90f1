// Gives blocks of the docs what they take for granted, and keeps what they open on this machine: ports are free ones of
// the loopback interface, and the addresses of services and of Redis lead to those of the test.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import net from 'node:net';
import express from 'express';
import { authenticate, createGateway, proxyRouter } from 'gatewright';
import { analytics } from 'gatewright/analytics';
import { circuitBreaker } from 'gatewright/circuit-breaker';
import { startGateway } from 'gatewright/server';
import { Redis } from 'ioredis';

/**
 * Servers that began to listen since they were last asked for.
 *
 * @type {net.Server[]}
 */
export const listening = [];

const secret = 'a secret of the tests, long enough';
const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
Object.assign(process.env, {
  ADMIN_KEY: secret,
  GATEWAY_ADMIN_KEY: secret,
  JWT_SECRET: secret,
  CI_SECRET: secret,
  WEBHOOK_SECRET: secret,
  IDENTITY_KEY: privateKey,
});

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function listenHere(...args) {
  const callback = args.find((arg) => typeof arg === 'function');
  if (this !== upstream) listening.push(this);
  return listen.call(this, { port: 0, host: '127.0.0.1' }, callback);
};

const upstream = createServer((req, res) => {
  req.resume();
  req.on('end', () => res.setHeader('X-Upstream-Path', String(req.url)).end(`upstream got ${req.url}`));
});
await new Promise((resolve) => upstream.listen(resolve));

/** @param {net.Server} server */
const portOf = (server) => /** @type {net.AddressInfo | null} */ (server.address())?.port;

const { connect } = net.Socket.prototype;
/**
 * @this {net.Socket}
 * @param {...any} args
 */
net.Socket.prototype.connect = function connectHere(...args) {
  const given = Array.isArray(args[0]) ? args[0][0] : args[0];
  const mine = listening.some((server) => portOf(server) === Number(given.port));
  if (!mine && given.port !== undefined) {
    const redis = [6379, Number(process.env['REDIS_PORT'])].includes(Number(given.port));
    given.host = '127.0.0.1';
    given.port = redis ? Number(process.env['REDIS_PORT']) : portOf(upstream);
  }
  return Reflect.apply(connect, this, args);
};

const { fetch } = globalThis;
/** What a page would fetch from elsewhere. */
globalThis.fetch = (url, init) =>
  String(url).startsWith('http://127.0.0.1')
    ? fetch(url, init)
    : Promise.resolve(Response.json({ ticket: 'gwt_of-the-tests' }));

const services = { '/api/kgot': 'http://localhost:16000' };
const silent = { info() {}, warn() {}, error() {} };

/** Each is made when a block first asks for it. */
const standIns = {
  app: () => express(),
  /** @returns {express.RequestHandler} */
  handler: () => (_, res) => void res.send('handled'),
  services: () => services,
  redis: () => new Redis('redis://localhost:6379'),
  logger: () => silent,
  pino: () => silent,
  options: () => ({ services, redis: 'redis://localhost:6379' }),
  guard: () => authenticate({ apiKeys: {} }),
  gateway: () => createGateway({ services, bulkhead: { maxConcurrent: 5 } }),
  router: () => proxyRouter({ services }),
  recorder: () => analytics(),
  breaker: () => circuitBreaker(),
  server: () => createServer(),
  jwt: () => ({ secret, algorithms: ['HS256'] }),
  keys: () => ({ ci: { secret } }),
  pem: () => publicKey,
  publicKey: () => publicKey,
  targets: () => ['http://localhost:16000'],
  sessions: () => ({ find: async () => ({ id: 'ann', plan: 'free', roles: [] }) }),
  auditLog: () => ({ append() {} }),
  jsonwebtoken: () => ({ verify: () => ({ sub: 'key:1' }) }),
  req: () => ({ headers: {} }),
  key: () => 'gw_of-the-tests',
  ticket: () => 'gwt_of-the-tests',
  EventSource: () => class {},
  WebSocket: () => class {},
};

/** Makes everything anew, for one block. */
export function prepare() {
  for (const [name, make] of Object.entries(standIns)) {
    /** @type {unknown} */
    let made;
    const get = () => {
      made ??= make();
      return made;
    };
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
}

/** A gateway that listens, for blocks that go on with one. */
Object.assign(globalThis, { running: await startGateway({ services, port: 0 }) });
