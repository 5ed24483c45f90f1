import { expect, test } from '@jest/globals';
import type { ServiceMatch } from 'gatewright';
import type { ServiceMatcher } from 'gatewright/circuit-breaker';
import { proxyRouter } from 'gatewright/proxy-router';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { behindBreaker, five, settled } from './support.js';

const spare: ServiceMatch = {
  name: 'spare',
  path: '/spare',
  rest: '/',
  cost: 0,
  permissions: [],
  forwardCredentials: false,
};

/** A breaker that is open for whatever has no service; `spare` is answered for with 200. */
async function open(matchService: ServiceMatcher, failover = ['spare']) {
  const server = await behindBreaker(
    { failover, matchService, services: { spare: { failover: [] } } },
    {
      handler: (req, res) => {
        if (req.url === '/throw' && req.gateway?.service) throw new Error('secret detail');
        res.writeHead(req.gateway?.service?.name === 'spare' ? 200 : 500).end();
      },
    },
  );
  await server.answers(...five);
  return server;
}

test.each<[string, ServiceMatcher, number]>([
  ['at once', () => spare, 200],
  ['later', async () => spare, 200],
  ['of no service', () => undefined, 503],
  ['of no service, later', async () => undefined, 503],
  [
    'by throwing',
    () => {
      throw new Error('secret detail');
    },
    503,
  ],
  ['by rejecting', () => Promise.reject(new Error('secret detail')), 503],
])('takes a matcher that answers %s', async (_what, matchService, expected) => {
  const { url } = await open(matchService);
  expect((await send(url, '/x')).status).toBe(expected);
});

test('asks one service after the other', async () => {
  const asked: string[] = [];
  const { url } = await open(
    async (_req, name) => {
      asked.push(name);
      return name === 'third' ? spare : undefined;
    },
    ['first', 'second', 'third', 'fourth'],
  );
  expect((await send(url, '/x')).status).toBe(200);
  expect(asked).toEqual(['first', 'second', 'third']);
});

test('answers for a handler that throws where nobody else would', async () => {
  const { url } = await open(async () => spare);
  expect(await send(url, '/throw')).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
});

test('a client that has left meanwhile takes no place of a probe', async () => {
  let found: ((match: ServiceMatch) => void) | undefined;
  const { url, breaker } = await open(
    () =>
      new Promise((resolve) => {
        found = resolve;
      }),
  );
  const controller = new AbortController();
  const asked = fetch(`${url}/x`, { signal: controller.signal }).catch(() => undefined);
  while (found === undefined) await settled();
  controller.abort();
  await asked;
  for (let at = 0; at < 20; at += 1) await settled();
  found(spare);
  await settled();
  expect(breaker.list().find(({ key }) => key === 'spare')).toMatchObject({ state: 'closed', running: 0 });
});

test.each(mounts)('goes with a router of the user’s in %s', async (_name, mount) => {
  const dead = await serve((_req, res) => res.writeHead(500).end());
  const well = await serve((req, res) => res.end(`spare ${req.url}`));
  const router = proxyRouter({ services: { '/kgot': dead.url, '/spare': well.url } });
  cleanup(() => router.close());
  const { url } = await behindBreaker(
    {
      breaker: 'consecutive',
      consecutiveFailures: 1,
      failover: ['spare'],
      matchService: (req, name) => router.matchNamed(req, name),
    },
    { mount, handler: (req, res) => router(req, res, () => res.writeHead(404).end()) },
  );
  expect((await send(url, '/kgot/a?b')).status).toBe(500);
  expect(await send(url, '/kgot/a?b')).toMatchObject({
    status: 200,
    body: 'spare /a?b',
    headers: { 'x-gateway-degraded': 'failover' },
  });
});

test('a router knows no service of another name, and none for a path that is nobody’s', async () => {
  const router = proxyRouter({ services: { '/': 'http://127.0.0.1:1', '/deep/er': 'http://127.0.0.1:2' } });
  cleanup(() => router.close());
  const seen: unknown[] = [];
  const { url } = await serve((req, res) => {
    seen.push(router.matchNamed(req, 'nobody'), router.matchNamed(req, 'er')?.rest);
    seen.push(router.matchNamed(req, 'root')?.rest);
    res.end();
  });
  await send(url, '/deep/er/a?b');
  await send(url, '/c');
  expect(seen).toEqual([undefined, '/a?b', '/a?b', undefined, '/c', '/c']);
});
