import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { cleanup, send } from '../helpers.js';
import { gateway, until, upstream } from './support.js';

/** An upstream that holds its answers until they are released. */
async function holding() {
  const held: ServerResponse[] = [];
  const target = await upstream((_req, res) => held.push(res));
  const holds = (count: number) => until(() => held.length === count);
  return { ...target, held, holds };
}

describe('a pool', () => {
  test('gives a target no more requests than it has connections; the others wait in turn', async () => {
    const { url: target, held, holds } = await holding();
    const { url, router } = await gateway({
      services: { '/': { targets: [target], pool: { maxSockets: 2 } } },
    });
    const answers = ['/1', '/2', '/3', '/4'].map((path) => send(url, path));
    await holds(2);
    expect(router.targets.list('root')).toMatchObject([{ outstanding: 2 }]);
    for (const count of [3, 4]) {
      held[count - 3]?.end('ok');
      await holds(count);
    }
    held[2]?.end('ok');
    held[3]?.end('ok');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(router.targets.list('root')).toMatchObject([{ outstanding: 0 }]);
  });

  test('refuses with 503 what finds the queue full, and what waits in it for too long', async () => {
    const { url: target, held, holds } = await holding();
    const seen: unknown[] = [];
    const pool = { maxSockets: 1, maxQueue: 1, queueTimeoutMs: 50 };
    const { url } = await gateway(
      { services: { '/kgot': { targets: [target], pool } } },
      (req, res, next) => {
        res.once('close', () => seen.push(req.gateway?.upstream?.failure));
        next();
      },
    );
    const first = send(url, '/kgot');
    await holds(1);
    const second = send(url, '/kgot');
    const refusals = await Promise.all([send(url, '/kgot'), second]);
    for (const { status, headers, body } of refusals) {
      expect([status, headers['retry-after']]).toEqual([503, '1']);
      expect(JSON.parse(body)).toEqual({ error: 'Service temporarily unavailable', service: 'kgot' });
    }
    expect(seen.sort()).toEqual(['queue_full', 'queue_timeout']);
    held[0]?.end('ok');
    expect((await first).body).toBe('ok');
  });

  test('forgets a client that leaves while it waits', async () => {
    const { url: target, held, holds } = await holding();
    const { url } = await gateway({ services: { '/': { targets: [target], pool: { maxSockets: 1 } } } });
    const first = send(url, '/first');
    await holds(1);
    const leaving = new AbortController();
    const gone = fetch(`${url}/gone`, { signal: leaving.signal }).catch(() => 'left');
    const third = send(url, '/third');
    leaving.abort();
    expect(await gone).toBe('left');
    held[0]?.end('ok');
    await holds(2);
    held[1]?.end('ok');
    expect([(await first).body, (await third).body]).toEqual(['ok', 'ok']);
  });
});

describe('targets', () => {
  test('are added, drained and removed while requests run, and none is lost', async () => {
    const [a, b] = [await holding(), await upstream((_req, res) => res.end('b'))];
    const { url, router } = await gateway({ services: { '/': a.url } });
    const running = send(url, '/');
    await a.holds(1);
    router.targets.add('root', { url: b.url, weight: 3 });
    expect(router.targets.list('root')).toMatchObject([
      { url: a.url, outstanding: 1, healthy: true, ejected: false, draining: false },
      { url: b.url, weight: 3, outstanding: 0 },
    ]);
    const removed = router.targets.remove('root', a.url);
    expect(router.targets.list('root')).toMatchObject([{ draining: true }, { draining: false }]);
    for (let turn = 0; turn < 5; turn += 1) expect((await send(url, '/')).body).toBe('b');
    expect(a.held).toHaveLength(1);
    a.held[0]?.end('a');
    await removed;
    expect((await running).body).toBe('a');
    expect(router.targets.list('root').map((target) => target.url)).toEqual([b.url]);
  });

  test('that are drained take requests again when they are added again', async () => {
    const a = await upstream();
    const { url, router } = await gateway({ services: { '/': a.url } });
    await router.targets.drain('root', a.url);
    expect((await send(url, '/')).status).toBe(503);
    expect(router.status()).toEqual({ services: { root: false } });
    router.targets.add('root', a.url);
    expect((await send(url, '/')).status).toBe(200);
  });

  test('that are wanted again before they are drained are not removed, and nobody waits for it', async () => {
    const a = await holding();
    const { url, router } = await gateway({ services: { '/': a.url } });
    const running = send(url, '/');
    await a.holds(1);
    const removed = router.targets.remove('root', a.url);
    router.targets.add('root', a.url);
    await removed;
    expect(router.targets.list('root')).toMatchObject([{ outstanding: 1, draining: false }]);
    a.held[0]?.end('ok');
    expect((await running).body).toBe('ok');
  });

  test('that are not there, or wrong, are named', async () => {
    const { router } = await gateway({ services: { '/': 'http://127.0.0.1:1' } });
    expect(() => router.targets.list('other')).toThrow('There is no service "other"');
    expect(() => router.targets.drain('root', 'http://b')).toThrow(
      'The service "root" has no target http://b',
    );
    expect(() => router.targets.add('root', 'ftp://b')).toThrow('must be an http: or https: URL');
  });

  test('of a gateway are at hand', async () => {
    const a = await upstream();
    const made = createGateway({ services: { '/api/kgot': a.url }, authenticate: false });
    cleanup(() => made.close());
    expect(made.targets.list('kgot')).toMatchObject([{ url: a.url }]);
  });
});

test('a body longer than the service takes is 413, said beforehand or found on the way', async () => {
  const { url: target, seen } = await upstream();
  const { url } = await gateway({ services: { '/': { targets: [target], maxBodyBytes: 10 } } });
  const put = (body: string, headers: Record<string, string>) => send(url, '/', { body, headers });
  expect((await put('0123456789', { 'Content-Length': '10' })).status).toBe(200);
  for (const headers of [{ 'Content-Length': '11' }, { 'Transfer-Encoding': 'chunked' }] as never[]) {
    const { status, body } = await put('0123456789x', headers);
    expect([status, body]).toEqual([413, '{"error":"Payload too large","limit_bytes":10}']);
  }
  expect(seen).toHaveLength(1);
});
