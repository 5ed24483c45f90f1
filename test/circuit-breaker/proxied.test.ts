import { expect, test } from '@jest/globals';
import { proxyRouter, type ServiceOptions } from 'gatewright/proxy-router';
import { cleanup, send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';
import { behindBreaker, fakeClock } from './support.js';

/** A breaker in front of a proxy to one service. */
async function behindRouter(service: ServiceOptions, options = {}) {
  const router = proxyRouter({ services: { '/': service } });
  cleanup(() => router.close());
  const server = await behindBreaker(options, {
    handler: (req, res) => router(req, res, () => res.end()),
  });
  return { ...server, router, state: () => server.breaker.states().get('default') };
}

test('where no target is well, that is a failure', async () => {
  const { url, state, reached, router } = await behindRouter({
    targets: ['http://127.0.0.1:1'],
    retries: false,
    healthCheck: { intervalMs: 50, unhealthyThreshold: 1 },
  });
  await eventually(() => expect(router.status().services).toEqual({ root: false }));
  for (let at = 0; at < 5; at += 1) expect((await send(url, '/')).status).toBe(503);
  expect(state()).toBe('open');
  expect(reached()).toBe(5);
});

test('where all connections to the targets are taken, that says nothing', async () => {
  const held: (() => void)[] = [];
  const upstream = await serve((_req, res) => void held.push(() => res.end()));
  const { url, state } = await behindRouter(
    { targets: [upstream.url], pool: { maxSockets: 1, maxQueue: 0 } },
    { minimumRequests: 2 },
  );
  const first = send(url, '/');
  await eventually(() => expect(held).toHaveLength(1));
  for (let at = 0; at < 10; at += 1) expect((await send(url, '/')).status).toBe(503);
  expect(state()).toBe('closed');
  held[0]?.();
  expect((await first).status).toBe(200);
});

test('an upstream that fails hard and recovers under load is served again after one half-open time', async () => {
  const clock = fakeClock();
  const upstream = { status: 500, reached: 0 };
  const { url: target } = await serve((_req, res) => {
    upstream.reached += 1;
    res.writeHead(upstream.status).end();
  });
  const { url, state } = await behindRouter({ targets: [target], ejection: false, retries: false });
  const crowd = async () => {
    const statuses = await Promise.all(Array.from({ length: 40 }, () => send(url, '/')));
    return statuses.map(({ status }) => status);
  };
  await crowd();
  expect(state()).toBe('open');
  upstream.status = 200;
  upstream.reached = 0;
  clock.advance(9999);
  expect(new Set(await crowd())).toEqual(new Set([503]));
  expect(upstream.reached).toBe(0);
  clock.advance(1);
  expect(await crowd()).toContain(200);
  expect(state()).toBe('closed');
  expect(new Set(await crowd())).toEqual(new Set([200]));
});
