/**
 * One that is measured. Its code is in `peers/`, under its name there.
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} as its name in `peers/`
 * @property {boolean} redis whether its state is in Redis
 * @property {'node' | 'nginx'} program
 * @property {'service' | 'hello' | 'refusal' | 'calls'} answers what a request gets: what the upstream says, something of its
 *   own, or a refusal; or it makes calls by itself
 * @property {readonly string[]} shapes in which it is measured
 */

const GET = ['get-1k'];
const BODIES = [...GET, 'post-1k', 'get-16k', 'get-1m'];
const STREAMS = [...BODIES, 'sse'];
const PROXIES = [...STREAMS, 'websocket'];
const ALL = [...PROXIES, 'refused'];

/** @param {string} name @param {readonly string[]} shapes @param {Partial<Entry>} more @returns {Entry} */
const entry = (name, shapes, more = {}) => ({
  name,
  as: name,
  redis: false,
  program: 'node',
  answers: 'service',
  shapes,
  ...more,
});

/** The same, with its state in Redis. @param {string} as @param {readonly string[]} shapes */
const onRedis = (as, shapes) => entry(`${as}, Redis`, shapes, { as, redis: true });

/** The bare proxy that the gateway is compared with. */
export const BASE = 'http-proxy-middleware on node:http';

/** @type {readonly Entry[]} */
export const entries = [
  entry('node:http hello', GET, { answers: 'hello' }),
  entry('express hello', GET, { answers: 'hello' }),
  entry('nginx as a proxy', PROXIES, { program: 'nginx' }),
  entry(BASE, PROXIES),
  entry('express + http-proxy-middleware', PROXIES),
  entry('@fastify/http-proxy', PROXIES),
  // These two have no WebSockets that work with what is installed: fast-gateway wants a package more, faye-websocket, and
  // express-gateway hands no upgrades on.
  entry('fast-gateway', STREAMS),
  entry('express-gateway', STREAMS),
  entry('assembled stack', [...STREAMS, 'refused']),
  entry('assembled stack, a log line each', GET),
  onRedis('assembled stack', [...GET, 'refused']),
  entry('ours: proxy alone', GET),
  entry('ours: + analytics', GET),
  entry('ours: + breaker', GET),
  entry('ours: + limits', GET),
  entry('ours: + API key', GET),
  entry('ours: everything', ALL),
  entry('ours: everything, undici', ALL),
  entry('ours: everything, JWT', [...GET, 'post-1k', 'refused']),
  onRedis('ours: everything', [...GET, 'post-1k', 'sse', 'websocket', 'refused']),
  onRedis('ours: everything, undici', GET),
  onRedis('ours: everything, JWT', [...GET, 'refused']),
  entry('ours: everything, in front of Express', GET),
  entry('ours: everything, mounted in Express', GET),
  entry('ours: 6 services', GET),
  entry('ours: 10,000 services', GET),
  entry('ours: refused (429)', GET, { answers: 'refusal' }),
  entry('ioredis: a bare EVALSHA', GET, { redis: true, answers: 'calls' }),
];

/**
 * Those that are measured in a shape. A whole name picks one; else each part between commas picks all whose names have it.
 *
 * @param {import('./shapes.mjs').Shape} shape
 * @param {readonly string[]} only all, where it is empty
 */
export function entriesFor(shape, only) {
  const names = new Set(entries.map(({ name }) => name));
  const picks = (/** @type {string} */ name) =>
    only.length === 0 ||
    only.some((pick) =>
      names.has(pick) ? pick === name : pick.split(',').some((part) => name.includes(part)),
    );
  return entries.filter(({ name, shapes }) => shapes.includes(shape.name) && picks(name));
}
