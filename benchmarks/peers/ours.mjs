// @ts-nocheck The peers are installed by `npm run bench` alone.
import { createServer } from 'node:http';
import { PREFIX } from '../gateway/shapes.mjs';
import { SECRET, tokens } from './tokens.mjs';

const ample = {
  requestsPerMinute: 1e9,
  requestsPerHour: 1e9,
  requestsPerDay: 1e9,
  burstLimit: 1e9,
  costLimitPerHour: 1e9,
  concurrentRequests: 1e6,
};
const rateLimit = {
  tiers: { bench: ample, free: ample, anonymous: ample, refused: { ...ample, requestsPerDay: 1 } },
};
const off = { authenticate: false, rateLimit: false, circuitBreaker: false, analytics: false, audit: false };
/** Six dimensions, analytics, a breaker, audit, CORS; with two targets, and whatever authenticates. */
const everything = { cors: { origins: ['https://app.example.com'] }, rateLimit };

async function transportOf(undici) {
  if (!undici) return {};
  const { undiciTransport } = await import('../../dist/proxy-router/undici-transport.js');
  return { transport: undiciTransport() };
}

async function gatewayOf({ upstreams, redis }, options, { two = true, undici = false } = {}) {
  const { createGateway } = await import('../../dist/index.js');
  return createGateway({
    services: { [PREFIX]: { targets: two ? upstreams : upstreams.slice(0, 1), cost: 0.002 } },
    endpoints: false,
    ...(redis && { redis }),
    ...(await transportOf(undici)),
    ...options,
  });
}

/** Header fields with API keys of its own. */
async function keys(gateway) {
  const fields = async (tier) => ({ 'X-API-Key': (await gateway.apiKeys.create({ name: tier, tier })).key });
  return { headers: await fields('bench'), refused: await fields('refused') };
}

function served(gateway, listener, more) {
  const server = createServer(listener);
  gateway.attach(server);
  return { server, ...more };
}

/** So many layers, and one target. */
const layers = (options) => async (given) => {
  const gateway = await gatewayOf(given, { ...off, ...options }, { two: false });
  return served(gateway, gateway.listener);
};

/** All that there is. */
const whole =
  ({ undici = false, two = true, options = everything, listener = (gateway) => gateway.listener } = {}) =>
  async (given) => {
    const gateway = await gatewayOf(given, options, { undici, two });
    return served(gateway, await listener(gateway), await keys(gateway));
  };

/** A table of so many services, and nothing before it. */
const services = (count) => async (given) => {
  const target = given.upstreams[0];
  const others = Array.from({ length: count - 1 }, (_, at) => [
    `/api/service-${at}`,
    { name: `s${at}`, targets: [target] },
  ]);
  const all = { ...Object.fromEntries(others), [PREFIX]: { targets: [target] } };
  const gateway = await gatewayOf(given, { ...off, services: all });
  return served(gateway, gateway.listener);
};

const inExpress = async (use) => {
  const { default: express } = await import('express');
  return use(express());
};

export const ours = {
  'ours: proxy alone': layers({}),
  'ours: + analytics': layers({ analytics: undefined }),
  'ours: + breaker': layers({ analytics: undefined, circuitBreaker: undefined }),
  'ours: + limits': layers({
    analytics: undefined,
    circuitBreaker: undefined,
    rateLimit,
  }),
  'ours: + API key': whole({
    two: false,
    options: { rateLimit, audit: false },
  }),
  'ours: everything': whole(),
  'ours: everything, undici': whole({ undici: true }),
  async 'ours: everything, JWT'(given) {
    const { headers, refused } = await tokens();
    const authenticate = { jwt: { secret: SECRET, algorithms: ['HS256'] } };
    const gateway = await gatewayOf(given, { ...everything, authenticate });
    return served(gateway, gateway.listener, { headers, refused });
  },
  'ours: everything, in front of Express': whole({
    listener: (gateway) => inExpress((app) => gateway.listenerFor(app)),
  }),
  'ours: everything, mounted in Express': whole({
    listener: (gateway) => inExpress((app) => app.use(gateway)),
  }),
  'ours: 6 services': services(6),
  'ours: 10,000 services': services(10_000),
  async 'ours: refused (429)'(given) {
    const one = await whole()(given);
    return { ...one, headers: one.refused };
  },
};
