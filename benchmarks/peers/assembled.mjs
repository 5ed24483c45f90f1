// @ts-nocheck The peers are installed by `npm run bench` alone.
// What a user would assemble, by the manuals of its parts, with what `ours: everything, JWT` does: CORS, a request's id, a
// histogram with the same labels, a JWT by a key that is made once, four windows of requests, a breaker, two targets in
// turn. It has no limit of cost, and none of requests at a time.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { PREFIX } from '../gateway/shapes.mjs';
import { tokens } from './tokens.mjs';

const WINDOWS_MS = [1000, 60_000, 3_600_000, 86_400_000];

async function limiters(redis) {
  const { rateLimit } = await import('express-rate-limit');
  const stores = redis && (await redisStores(redis));
  return WINDOWS_MS.map((windowMs, at) =>
    rateLimit({
      windowMs,
      // The subject that is refused may send one request a day.
      limit: (req) => (req.user.tier === 'refused' && at === 3 ? 1 : 1e9),
      keyGenerator: (req) => req.user.sub,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      ...(stores && { store: stores(windowMs) }),
    }),
  );
}

async function redisStores(redis) {
  const [{ Redis }, { RedisStore }] = await Promise.all([import('ioredis'), import('rate-limit-redis')]);
  const client = new Redis(redis);
  return (windowMs) =>
    new RedisStore({ sendCommand: (...args) => client.call(...args), prefix: `assembled:${windowMs}:` });
}

async function measuring(logsEach) {
  const [winston, prom] = await Promise.all([import('winston'), import('prom-client')]);
  const logger = winston.createLogger({
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream: createWriteStream('/dev/null') })],
  });
  const histogram = new prom.Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration.',
    labelNames: ['method', 'status', 'service', 'tier'],
  });
  return (req, res, next) => {
    const end = histogram.startTimer();
    const id = randomUUID();
    req.headers['x-request-id'] = id;
    res.setHeader('X-Request-Id', id);
    res.once('finish', () => {
      const seconds = end({
        method: req.method,
        status: res.statusCode,
        service: 'kgot',
        tier: req.user?.tier,
      });
      const { method, originalUrl: url } = req;
      if (logsEach || res.statusCode >= 500)
        logger.info('request', { id, method, url, status: res.statusCode, seconds });
    });
    next();
  };
}

async function guarding(key) {
  const { default: jwt } = await import('jsonwebtoken');
  return (req, res, next) => {
    try {
      req.user = jwt.verify(String(req.headers.authorization).slice(7), key, { algorithms: ['HS256'] });
    } catch {
      res.status(401).json({ error: 'Authentication failed' });
      return;
    }
    next();
  };
}

async function forwarding(upstreams) {
  const [{ default: Breaker }, { createProxyMiddleware }] = await Promise.all([
    import('opossum'),
    import('http-proxy-middleware'),
  ]);
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const router = () => {
    turn = (turn + 1) % upstreams.length;
    return upstreams[turn];
  };
  const proxy = createProxyMiddleware({ target: upstreams[0], router, agent });
  const breaker = new Breaker(
    (req, res, next) =>
      new Promise((resolve, reject) => {
        res.once('finish', () => (res.statusCode >= 500 ? reject(new Error('failed')) : resolve()));
        res.once('close', resolve);
        proxy(req, res, next);
      }),
    { timeout: false, errorThresholdPercentage: 50, resetTimeout: 10_000 },
  );
  return (req, res, next) => void breaker.fire(req, res, next).catch(next);
}

async function stack({ upstreams, redis }, logsEach = false) {
  const [{ default: express }, { default: cors }] = await Promise.all([import('express'), import('cors')]);
  const { key, headers, refused } = await tokens();
  const app = express();
  app.use(await measuring(logsEach));
  app.use(cors({ origin: 'https://app.example.com' }));
  app.use(await guarding(key));
  for (const limiter of await limiters(redis)) app.use(limiter);
  app.use(PREFIX, await forwarding(upstreams));
  return { server: createServer(app), headers, refused };
}

export const assembled = {
  'assembled stack': (given) => stack(given),
  'assembled stack, a log line each': (given) => stack(given, true),
};
