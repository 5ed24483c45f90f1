import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import { mounts, send, serve } from '../helpers.js';
import { gateway, nobody, routerOf, upstream } from './support.js';

/** One upstream for each name, which it answers. */
async function upstreams<Name extends string>(...names: Name[]) {
  const entries = await Promise.all(
    names.map(async (name) => [name, (await upstream((_req, res) => res.end(name))).url] as const),
  );
  return Object.fromEntries(entries) as Record<Name, string>;
}

async function who(url: string, path: string): Promise<string> {
  return (await send(url, path)).body;
}

test('the longest prefix wins, in whatever order the services stand', async () => {
  const { api, kgot, admin } = await upstreams('api', 'kgot', 'admin');
  const { url } = await gateway({
    services: { '/api': api, '/api/kgot/admin': admin, '/api/kgot': kgot },
  });
  expect(await who(url, '/api/x')).toBe('api');
  expect(await who(url, '/api/kgot/x')).toBe('kgot');
  expect(await who(url, '/api/kgot/admin')).toBe('admin');
  expect(await who(url, '/api/kgot/admin/x?y')).toBe('admin');
});

test('a prefix matches whole segments, as they are written', async () => {
  const { kgot } = await upstreams('kgot');
  const { url } = await gateway({ services: { '/api/kgot': kgot } });
  expect(await who(url, '/api/kgot')).toBe('kgot');
  expect(await who(url, '/api/kgot/')).toBe('kgot');
  expect(await who(url, '/api/kgot?x=1')).toBe('kgot');
  for (const path of [
    '/api/kgotx',
    '/api/kgot%2Fx',
    '/api/kgo',
    '/api',
    '/API/kgot',
    '//api/kgot',
    '/api//kgot',
  ]) {
    expect([path, await who(url, path)]).toEqual([path, 'for nobody']);
  }
});

test('a longer path that is no service falls back to the shorter one that is', async () => {
  const { api, deep } = await upstreams('api', 'deep');
  const { url } = await gateway({ services: { '/api': api, '/api/a/b/c': deep } });
  expect(await who(url, '/api/a/b')).toBe('api');
  expect(await who(url, '/api/a/b/cc')).toBe('api');
  expect(await who(url, '/api/a/b/c')).toBe('deep');
});

test('the root service takes what no other service does', async () => {
  const { root, kgot } = await upstreams('root', 'kgot');
  const { url } = await gateway({ services: { '/': root, '/api/kgot': kgot } });
  expect(await who(url, '/')).toBe('root');
  expect(await who(url, '/api/kgotx')).toBe('root');
  expect(await who(url, '//api/kgot')).toBe('root');
  expect(await who(url, '/api/kgot/x')).toBe('kgot');
});

test('the short form and the long form of a service are the same', async () => {
  const { kgot } = await upstreams('kgot');
  const { url, router } = await gateway({
    services: { '/short': kgot, '/long': { targets: [kgot] }, '/longer': { targets: [{ url: kgot }] } },
  });
  for (const path of ['/short', '/long', '/longer']) expect(await who(url, path)).toBe('kgot');
  const matches = ['/short/x', '/long/x', '/longer/x'].map((path) =>
    router.match({ url: path } as IncomingMessage),
  );
  for (const match of matches) {
    expect(match).toMatchObject({ rest: '/x', cost: 0, permissions: [], forwardCredentials: false });
  }
});

test('a slash at the end of a service path means nothing', async () => {
  const { kgot } = await upstreams('kgot');
  const { url } = await gateway({ services: { '/api/kgot/': kgot } });
  expect(await who(url, '/api/kgot')).toBe('kgot');
  expect(await who(url, '/api/kgot/x')).toBe('kgot');
});

test('a service is named after the last segment of its path, unless it has a name', () => {
  const router = routerOf({
    services: { '/': 'http://a', '/api/kgot': 'http://a', '/b': { name: 'bee', targets: ['http://a'] } },
  });
  expect([...router.services]).toEqual([
    ['root', '/'],
    ['kgot', '/api/kgot'],
    ['bee', '/b'],
  ]);
  expect(router.status()).toEqual({ services: { root: true, kgot: true, bee: true } });
});

test('the request knows its service and its upstream afterwards', async () => {
  const kgot = await upstream();
  let context: GatewayContext | undefined;
  const { url } = await gateway(
    { services: { '/api/kgot': { targets: [kgot.url], cost: 0.002, permissions: ['kgot:query'] } } },
    (req, res, next) => {
      res.once('finish', () => {
        context = req.gateway;
      });
      next();
    },
  );
  await send(url, '/api/kgot/x?y');
  expect(context?.service).toMatchObject({
    name: 'kgot',
    path: '/api/kgot',
    rest: '/x?y',
    cost: 0.002,
    permissions: ['kgot:query'],
    forwardCredentials: false,
  });
  expect(context?.upstream).toEqual({
    target: kgot.url,
    attempts: 1,
    timeToFirstByteMs: expect.any(Number),
  });
  expect(context?.outcome.ending).toBe('finished');
});

describe.each(mounts)('%s', (_name, mount) => {
  test('a request for a service is answered by it, and one for none goes on untouched', async () => {
    const kgot = await upstream();
    const { url } = await serve(mount(routerOf({ services: { '/api/kgot': kgot.url } }), nobody));
    expect(await send(url, '/api/kgot/x')).toMatchObject({ status: 200, body: 'from upstream' });
    const answer = await send(url, '/elsewhere?x', { body: 'kept' });
    expect(answer).toMatchObject({ status: 404, body: 'for nobody' });
    expect(answer.headers).not.toHaveProperty('x-request-id');
    expect(kgot.seen).toHaveLength(1);
  });
});
