import { describe, expect, test } from '@jest/globals';
import { type QuotaLimits, RedisQuotaStore } from 'gatewright/rate-limit';
import { cleanup } from '../helpers.js';
import { limited, patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';
import { keysWithExpiry } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';

const HOUR_MS = 3_600_000;
const limits: QuotaLimits = {
  windows: [
    { dimension: 'per_day', windowMs: 24 * HOUR_MS, limit: 2 },
    { dimension: 'cost_per_hour', windowMs: HOUR_MS, limit: 1_000_000 },
  ],
  concurrent: 5,
};

async function storeOn(options = {}) {
  const server = await RedisServer.start();
  const redis = server.client(options);
  const store = new RedisQuotaStore({ client: redis });
  cleanup(() => store.close());
  const ask = async (subject: string) => (await store.reserve(subject, limits, 1, 10, 1000)).allowed;
  return { server, redis, store, ask };
}

describe('the scripts', () => {
  test('are loaded again in mid-traffic, when Redis has forgotten them', async () => {
    const redis = (await RedisServer.start()).client();
    const { url } = await limited({ ...patient, redis, tiers: { free: { requestsPerDay: 1_000_000 } } });
    const { more, stop } = traffic(url, 4);
    for (let time = 0; time < 5; time += 1) {
      await more(10);
      await redis.script('FLUSH');
    }
    await more(10);
    expect(Object.keys(await stop())).toEqual(['200']);
  });

  test('go on after a restart in mid-traffic', async () => {
    const server = await RedisServer.start();
    const redis = server.client();
    const { url } = await limited({ ...patient, redis, tiers: { free: { requestsPerDay: 1_000_000 } } });
    const { more, stop } = traffic(url, 4);
    await more(10);
    await server.kill();
    await server.up();
    await more(10);
    expect(Object.keys(await stop())).toEqual(['200']);
    expect(await redis.exists('gw:quota:{ip:127.0.0.1}')).toBe(1);
  });

  test('begin anew when all data are gone, and what was running does not hurt', async () => {
    const { redis, store, ask } = await storeOn();
    const first = await store.reserve('key:a', limits, 1, 10, 1000);
    expect([await ask('key:a'), await ask('key:a')]).toEqual([true, false]);
    await redis.flushall();
    if (first.lease) await store.settle(first.lease, 500_000);
    const { windows, running } = await store.peek('key:a', limits, 1, 0);
    expect([windows.map(({ remaining }) => remaining), running]).toEqual([[2, 1_000_000], 0]);
  });

  test('let every key expire', async () => {
    const { redis, store, ask } = await storeOn();
    const decision = await store.reserve('key:settled', limits, 1, 10, 1000);
    if (decision.lease) await store.settle(decision.lease, 30);
    for (const subject of ['key:a', 'key:b']) await ask(subject);
    await store.peek('key:looked at', limits, 1, 10);
    const expiries = await keysWithExpiry(redis);
    expect(Object.keys(expiries).sort()).toEqual([
      'gw:leases:{key:a}',
      'gw:leases:{key:b}',
      'gw:quota:{key:a}',
      'gw:quota:{key:b}',
      'gw:quota:{key:settled}',
    ]);
    for (const [key, expiry] of Object.entries(expiries)) {
      // As long as something counts: twice a day, and a lease's time with a grace.
      const most = key.includes('quota') ? 48 * HOUR_MS : 601_000;
      expect(expiry).toBeLessThanOrEqual(most);
      expect(expiry).toBeGreaterThan(most - 60_000);
    }
  });

  test('remember a token bucket until it is full again', async () => {
    const { redis, store } = await storeOn();
    const bucket = { dimension: 'per_minute', windowMs: 60_000, limit: 1, capacity: 1000 } as const;
    await store.reserve('key:a', { windows: [bucket], concurrent: Infinity }, 1000, 0, 1000);
    expect(await redis.pttl('gw:quota:{key:a}')).toBeGreaterThan(900 * 60_000);
  });

  test('begin a window anew whose length was changed', async () => {
    const server = await RedisServer.start();
    const clock = { now: 1_700_000_000_000 };
    const store = new RedisQuotaStore({ client: server.client(), now: () => clock.now });
    const ask = (windowMs: number) =>
      store.reserve(
        'key:a',
        { windows: [{ dimension: 'burst', windowMs, limit: 1 }], concurrent: 9 },
        1,
        0,
        1,
      );
    await ask(1000);
    clock.now += 100_000;
    expect((await ask(1000)).allowed).toBe(true);
    expect((await ask(10_000)).allowed).toBe(true);
    expect((await ask(10_000)).allowed).toBe(false);
    clock.now += 20_000;
    expect((await ask(10_000)).allowed).toBe(true);
    expect((await ask(1000)).allowed).toBe(true);
  });

  test.each([
    ['a prefix of its own', { keyPrefix: 'app:' }],
    ['numbers given as strings', { stringNumbers: true }],
    ['automatic pipelining', { enableAutoPipelining: true }],
    ['RESP2', { protocol: 2 as const }],
  ])('work through a client with %s', async (_name, options) => {
    const { ask } = await storeOn(options);
    expect([await ask('key:a'), await ask('key:a'), await ask('key:a')]).toEqual([true, true, false]);
  });
});
