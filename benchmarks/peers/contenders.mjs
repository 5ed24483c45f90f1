// @ts-nocheck The peers are installed by `npm run bench` alone.
// One contender in a process of its own: `node contenders.mjs <name> <upstream> [redis]` prints the port that it listens at,
// and the header fields that its requests need.
import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';

const [name, upstream, redis] = process.argv.slice(2);
const path = '/api/kgot';
const secret = 'only-for-benchmarks-only-for-benchmarks';
const unlimited = {
  requestsPerMinute: 1e9,
  requestsPerHour: 1e9,
  requestsPerDay: 1e9,
  burstLimit: 1e9,
  costLimitPerHour: 1e9,
  concurrentRequests: 1e6,
};
const off = { authenticate: false, rateLimit: false, circuitBreaker: false, analytics: false, audit: false };

/** Ours, with so many layers. */
async function ours(options, { two = false, undici = false, keyed = false } = {}) {
  const { createGateway } = await import('../../dist/index.js');
  const transport = undici
    ? (await import('../../dist/proxy-router/undici-transport.js')).undiciTransport()
    : undefined;
  const targets = two ? [upstream, upstream.replace(/\d+$/, (port) => Number(port) + 1)] : [upstream];
  const gateway = createGateway({
    services: { [path]: { targets, cost: 0.002 } },
    endpoints: false,
    ...(transport && { transport }),
    ...(redis && { redis }),
    ...options,
  });
  const headers = keyed
    ? { 'X-API-Key': (await gateway.apiKeys.create({ name: 'bench', tier: 'bench' })).key }
    : {};
  return { gateway, headers };
}

const limits = { tiers: { bench: unlimited, free: unlimited } };
const everything = { cors: { origins: ['https://app.example.com'] }, rateLimit: limits };

async function direct(options, more) {
  const { gateway, headers } = await ours(options, more);
  return { server: createServer(gateway.listener), headers };
}

async function token() {
  const { default: jwt } = await import('jsonwebtoken');
  const key = createSecretKey(Buffer.from(secret));
  return { jwt, key, token: jwt.sign({ sub: 'bench', tier: 'bench' }, key, { expiresIn: '1d' }) };
}

const contenders = {
  async 'node:http hello'() {
    const body = Buffer.alloc(1024, 'x');
    return { server: createServer((_req, res) => res.end(body)) };
  },
  async 'express hello'() {
    const { default: express } = await import('express');
    return { server: createServer(express().use((_req, res) => res.end('hello'))) };
  },
  async 'http-proxy-middleware on node:http'() {
    const { createProxyMiddleware } = await import('http-proxy-middleware');
    const agent = new Agent({ keepAlive: true });
    const proxy = createProxyMiddleware({ target: upstream, agent, pathRewrite: { [`^${path}`]: '' } });
    return { server: createServer((req, res) => proxy(req, res, () => res.end())) };
  },
  async 'express + http-proxy-middleware'() {
    const [{ default: express }, { createProxyMiddleware }] = await Promise.all([
      import('express'),
      import('http-proxy-middleware'),
    ]);
    const agent = new Agent({ keepAlive: true });
    return { server: createServer(express().use(path, createProxyMiddleware({ target: upstream, agent }))) };
  },
  async '@fastify/http-proxy'() {
    const { default: fastify } = await import('fastify');
    const { default: proxy } = await import('@fastify/http-proxy');
    const app = fastify();
    await app.register(proxy, { upstream, prefix: path, rewritePrefix: '' });
    await app.ready();
    return { server: app.server, listen: () => app.listen({ port: 0, host: '127.0.0.1' }) };
  },
  async 'fast-gateway'() {
    const { default: gateway } = await import('fast-gateway');
    const server = gateway({ routes: [{ prefix: path, target: upstream, pathRegex: '/*' }] });
    return {
      server: { address: () => server.getServer().address() },
      listen: () => server.start(0, '127.0.0.1'),
    };
  },
  async 'assembled stack'() {
    const [{ default: express }, { default: cors }, { rateLimit }, { default: Breaker }, winston, prom, hpm] =
      await Promise.all(
        [
          'express',
          'cors',
          'express-rate-limit',
          'opossum',
          'winston',
          'prom-client',
          'http-proxy-middleware',
        ].map((each) => import(each)),
      );
    const { jwt, key, token: bearer } = await token();
    const store = redis
      ? await (async () => {
          const [{ Redis }, { RedisStore }] = await Promise.all([
            import('ioredis'),
            import('rate-limit-redis'),
          ]);
          const client = new Redis(redis);
          return new RedisStore({ sendCommand: (...args) => client.call(...args) });
        })()
      : undefined;
    const logger = winston.createLogger({
      format: winston.format.json(),
      transports: [
        new winston.transports.Stream({ stream: (await import('node:fs')).createWriteStream('/dev/null') }),
      ],
    });
    const histogram = new prom.Histogram({
      name: 'duration_seconds',
      help: 'Duration.',
      labelNames: ['method', 'status', 'service', 'tier'],
    });
    const agent = new Agent({ keepAlive: true });
    const proxy = hpm.createProxyMiddleware({ target: upstream, agent });
    const breaker = new Breaker(
      (req, res, next) =>
        new Promise((resolve, reject) => {
          res.once('finish', () => (res.statusCode >= 500 ? reject(new Error('failed')) : resolve()));
          res.once('close', resolve);
          proxy(req, res, next);
        }),
      { timeout: false, errorThresholdPercentage: 50, resetTimeout: 10_000 },
    );
    const app = express();
    app.use(cors({ origin: 'https://app.example.com' }));
    app.use((req, res, next) => {
      const end = histogram.startTimer();
      res.once('finish', () => {
        end({ method: req.method, status: res.statusCode, service: 'kgot', tier: 'bench' });
        logger.info('request', { method: req.method, url: req.originalUrl, status: res.statusCode });
      });
      next();
    });
    app.use((req, res, next) => {
      try {
        req.user = jwt.verify(String(req.headers.authorization).slice(7), key, { algorithms: ['HS256'] });
        next();
      } catch {
        res.status(401).json({ error: 'Authentication failed' });
      }
    });
    for (const [windowMs, limit] of [
      [60_000, 1e9],
      [3_600_000, 1e9],
      [86_400_000, 1e9],
    ])
      app.use(
        rateLimit({
          windowMs,
          limit,
          keyGenerator: (req) => `${req.user.sub}:${windowMs}`,
          standardHeaders: 'draft-8',
          legacyHeaders: false,
          validate: false,
          ...(store && { store }),
        }),
      );
    app.use(path, (req, res, next) => void breaker.fire(req, res, next).catch(next));
    return { server: createServer(app), headers: { Authorization: `Bearer ${bearer}` } };
  },
  'ours: proxy alone': () => direct(off),
  'ours: + analytics': () => direct({ ...off, analytics: undefined }),
  'ours: + breaker': () => direct({ ...off, analytics: undefined, circuitBreaker: undefined }),
  'ours: + limits': () =>
    direct({ ...off, analytics: undefined, circuitBreaker: undefined, rateLimit: limits }),
  'ours: everything': () => direct(everything, { two: true, keyed: true }),
  'ours: everything, undici': () => direct(everything, { two: true, keyed: true, undici: true }),
  async 'ours: everything, JWT'() {
    const { token: bearer } = await token();
    const authenticate = { jwt: { secret, algorithms: ['HS256'] } };
    const { gateway } = await ours({ ...everything, authenticate }, { two: true });
    return { server: createServer(gateway.listener), headers: { Authorization: `Bearer ${bearer}` } };
  },
  async 'ours: everything, in front of Express'() {
    const { default: express } = await import('express');
    const { gateway, headers } = await ours(everything, { two: true, keyed: true });
    return { server: createServer(gateway.listenerFor(express())), headers };
  },
  async 'ours: everything, mounted in Express'() {
    const { default: express } = await import('express');
    const { gateway, headers } = await ours(everything, { two: true, keyed: true });
    return { server: createServer(express().use(gateway)), headers };
  },
  async 'ours: 10,000 services'() {
    const { createGateway } = await import('../../dist/index.js');
    const others = Object.fromEntries(
      Array.from({ length: 9999 }, (_, at) => [
        `/api/service-${at}`,
        { name: `s${at}`, targets: [upstream] },
      ]),
    );
    const services = { ...others, [path]: { targets: [upstream] } };
    return { server: createServer(createGateway({ ...off, endpoints: false, services }).listener) };
  },
  async 'ours: refused (429)'() {
    const one = { ...unlimited, requestsPerMinute: 1 };
    return direct({ ...everything, rateLimit: { tiers: { bench: one } } }, { two: true, keyed: true });
  },
};

const { server, headers = {}, listen } = await contenders[name]();
if (listen) await listen();
else {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
console.log(JSON.stringify({ port: server.address().port, headers }));
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => process.exit());
