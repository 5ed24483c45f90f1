import { once } from 'node:events';
import { createServer } from 'node:net';
import { GatewayEvents } from 'gatewright';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { proxyRouter } from 'gatewright/proxy-router';
import type { Cluster, Redis } from 'ioredis';
import { cleanup, send, serve } from '../helpers.js';

/** A port at which connections break at once: a network that is broken. */
export async function brokenNetwork(): Promise<string> {
  const server = createServer((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** An upstream that can be told to fail. */
export async function upstreamOf() {
  const state = { status: 200, reached: 0 };
  const { url } = await serve((_req, res) => {
    state.reached += 1;
    res.writeHead(state.status).end();
  });
  return { url, state };
}

/** Opens at the second failure, and tries soon. */
export const quick: CircuitBreakerOptions = {
  breaker: 'consecutive',
  consecutiveFailures: 2,
  halfOpenAfterMs: 500,
  backoffFactor: 1,
};

/** How often replicas of the tests say what they see, in milliseconds. */
export const HEARTBEAT_MS = 250;

/** A server, or a Cluster. */
interface Clients {
  client(options?: { maxRetriesPerRequest: number }): Redis | Cluster;
}

/** One replica: a breaker in front of a proxy to a target, on a socket of its own. */
export async function replica(redis: Clients, target: string, options: CircuitBreakerOptions = {}) {
  const events = new GatewayEvents();
  const modes: string[] = [];
  events.on('storeMode', ({ store, mode }) => {
    if (store === 'circuit_breaker') modes.push(mode);
  });
  const shared = { heartbeatMs: HEARTBEAT_MS };
  const breaker = circuitBreaker({
    name: 'kgot',
    events,
    redis: redis.client({ maxRetriesPerRequest: 1 }),
    storeTimeoutMs: 300,
    shared,
    ...quick,
    ...options,
  });
  const router = proxyRouter({
    services: { '/kgot': { targets: [target], ejection: false, retries: false } },
  });
  cleanup(() => Promise.all([breaker.close(), router.close()]));
  const { url } = await serve((req, res) => breaker(req, res, () => router(req, res, () => res.end())));
  return {
    breaker,
    events,
    modes,
    ask: async () => (await send(url, '/kgot')).status,
    state: () => breaker.states().get('kgot'),
    alive: () => breaker.list().find(({ key }) => key === 'kgot')?.replicas?.alive,
    counted: () => breaker.list().find(({ key }) => key === 'kgot')?.replicas,
  };
}

export type Replica = Awaited<ReturnType<typeof replica>>;
