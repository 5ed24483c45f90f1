// @ts-nocheck The peers are installed by `npm run bench` alone.
import { createServer } from 'node:http';
import { PREFIX } from '../gateway/shapes.mjs';
import { everything, layers, off, serviceOf } from '../layers.mjs';
import { SECRET, tokens } from './tokens.mjs';

async function transportOf(undici) {
  if (!undici) return {};
  const { undiciTransport } = await import('../../dist/proxy-router/undici-transport.js');
  return { transport: undiciTransport() };
}

async function gatewayOf({ upstreams, redis }, options, { two = true, undici = false } = {}) {
  const { createGateway } = await import('../../dist/index.js');
  return createGateway({
    services: serviceOf(two ? upstreams : upstreams.slice(0, 1)),
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
const layered = (name) => async (given) => {
  const gateway = await gatewayOf(given, layers[name], { two: false });
  return served(gateway, gateway.listener, gateway.apiKeys && (await keys(gateway)));
};

/** All that there is. */
const whole =
  ({ undici = false, listener = (gateway) => gateway.listener } = {}) =>
  async (given) => {
    const gateway = await gatewayOf(given, everything, { undici });
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
  'ours: proxy alone': layered('proxy alone'),
  'ours: + analytics': layered('+ analytics'),
  'ours: + breaker': layered('+ breaker'),
  'ours: + limits': layered('+ limits'),
  'ours: + API key': layered('+ API key'),
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
