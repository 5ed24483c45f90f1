import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { type QuotaLease, type QuotaLimits, RedisQuotaStore } from 'gatewright/rate-limit';
import type { Redis } from 'ioredis';
import { cleanup, send } from '../helpers.js';
import { Held, limited, patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { Worker } from '../redis-workers.js';

const LEASES = 'gw:leases:{ip:127.0.0.1}';

/** Until when the one lease holds, by Redis's clock. */
async function expiry(redis: Redis): Promise<number> {
  const [, score] = await redis.zrange(LEASES, '0', '-1', 'WITHSCORES');
  return Number(score);
}

async function redisTime(redis: Redis): Promise<number> {
  const [seconds = 0, micros = 0] = await redis.time();
  return seconds * 1000 + micros / 1000;
}

describe('a lease', () => {
  test('of a process that was killed with -9 comes back when it expires', async () => {
    const server = await RedisServer.start();
    const options = { ...patient, tiers: { free: { concurrentRequests: 3 } }, leaseMs: 1500 };
    const worker = await Worker.start(server);
    cleanup(() => worker.kill());
    const port = await worker.ask<number>('serve', { options });
    const redis = server.client();
    const other = await limited({ ...options, redis });
    const held = [1, 2, 3].map(() => send(`http://127.0.0.1:${port}`, '/hold').catch(() => 'cut'));
    await eventually(async () => expect(await redis.zcard(LEASES)).toBe(3));
    expect((await send(other.url, '/')).status).toBe(429);
    await worker.kill();
    expect(await Promise.all(held)).toEqual(['cut', 'cut', 'cut']);
    expect((await other.limit.explain('ip:127.0.0.1')).dimensions).toMatchObject([{ used: 3 }]);
    await eventually(async () => expect((await send(other.url, '/')).status).toBe(200));
    await eventually(async () => {
      const { dimensions } = await other.limit.explain('ip:127.0.0.1');
      expect(dimensions).toMatchObject([{ dimension: 'concurrent', remaining: 3, refuses: false }]);
    });
  });

  test('of a response that takes longer is renewed', async () => {
    const redis = (await RedisServer.start()).client();
    const held = new Held();
    const options = { ...patient, redis, tiers: { free: { concurrentRequests: 1 } }, leaseMs: 2000 };
    const { url } = await limited(options, held.handler);
    const first = send(url, '/');
    await eventually(async () => expect(await redis.zcard(LEASES)).toBe(1));
    const until = await expiry(redis);
    await eventually(async () => expect(await redisTime(redis)).toBeGreaterThan(until));
    expect(await expiry(redis)).toBeGreaterThan(until);
    expect((await send(url, '/')).status).toBe(429);
    held.release();
    expect((await first).status).toBe(200);
    await eventually(async () => expect(await redis.zcard(LEASES)).toBe(0));
  });

  test('of a client that leaves comes back, and that of a handler that breaks', async () => {
    const redis = (await RedisServer.start()).client();
    const held = new Held();
    const slots = 5;
    const { port, url } = await limited(
      { ...patient, redis, tiers: { free: { concurrentRequests: slots } } },
      held.handler,
    );
    const clients = Array.from({ length: slots }, () => request({ port, host: '127.0.0.1', agent: false }));
    for (const client of clients) client.on('error', () => undefined).end();
    await eventually(() => expect(held.responses.length).toBe(slots));
    expect((await send(url, '/')).status).toBe(429);
    for (const client of clients) client.destroy();
    await eventually(async () => expect(await redis.zcard(LEASES)).toBe(0));

    held.responses.splice(0);
    const more = Array.from({ length: slots }, () => send(url, '/').catch(() => 'cut'));
    await eventually(() => expect(held.responses.length).toBe(slots));
    await held.cut();
    expect(await Promise.all(more)).toEqual(new Array(slots).fill('cut'));
    await eventually(async () => expect(await redis.zcard(LEASES)).toBe(0));
  });

  test('of a client that leaves before Redis has answered comes back', async () => {
    const server = await RedisServer.start();
    const redis = server.client();
    const limitedServer = await limited({ ...patient, redis, tiers: { free: { concurrentRequests: 1 } } });
    await redis.ping();
    server.signal('SIGSTOP');
    const client = request({ port: limitedServer.port, host: '127.0.0.1', agent: false });
    client.on('error', () => undefined).end();
    const [req] = (await once(limitedServer.server, 'request')) as [{ socket: NodeJS.EventEmitter }];
    const gone = once(req.socket, 'close');
    client.destroy();
    await gone;
    server.signal('SIGCONT');
    // Admitted, and given back.
    const usage = 'gw:quota:{ip:127.0.0.1}';
    await eventually(async () =>
      expect([await redis.exists(usage), await redis.zcard(LEASES)]).toEqual([1, 0]),
    );
    expect((await send(limitedServer.url, '/')).status).toBe(200);
  });
});

describe('a lease that is settled late', () => {
  const cost = { dimension: 'cost_per_hour', windowMs: 3_600_000, limit: 1000 } as const;
  const limits: QuotaLimits = { windows: [cost], concurrent: 1 };

  async function storeAt(start = 1_700_000_000_000) {
    const redis = (await RedisServer.start()).client();
    const clock = { now: start };
    const store = new RedisQuotaStore({ client: redis, now: () => clock.now });
    cleanup(() => store.close());
    const left = async () => (await store.peek('key:a', limits, 1, 0)).windows[0]?.remaining;
    const { lease } = await store.reserve('key:a', limits, 1, 100, 1000);
    return { redis, clock, store, left, lease: lease as QuotaLease };
  }

  test('holds no slot any more when it has expired, and is charged all the same, once', async () => {
    const { clock, store, left, lease } = await storeAt();
    clock.now += 1000;
    const second = await store.reserve('key:a', limits, 1, 0, 60_000);
    expect([second.allowed, second.running]).toEqual([true, 1]);
    await Promise.all([store.settle(lease, 300), store.settle(lease, 300), store.settle(lease, 300)]);
    expect(await left()).toBe(700);
    expect((await store.peek('key:a', limits, 1, 0)).running).toBe(1);
  });

  test('is charged too where its subject has been forgotten meanwhile', async () => {
    const { redis, store, left, lease } = await storeAt();
    await redis.del('gw:quota:{key:a}');
    await store.settle(lease, 300);
    expect(await left()).toBe(800);
    expect(await redis.pttl('gw:quota:{key:a}')).toBeGreaterThan(cost.windowMs);
  });

  test('lets its subject be remembered for as long as the charge counts', async () => {
    const { redis, store, left, lease } = await storeAt();
    await redis.pexpire('gw:quota:{key:a}', 60_000);
    await store.settle(lease, 300);
    expect(await left()).toBe(700);
    expect(await redis.pttl('gw:quota:{key:a}')).toBeGreaterThan(cost.windowMs);
  });

  test('gives back what it did not cost, and never more', async () => {
    const { store, left, lease } = await storeAt();
    await store.settle(lease, 40);
    expect(await left()).toBe(960);
    const free = await store.reserve('key:a', limits, 1, 60, 1000);
    await store.settle(free.lease as QuotaLease, -1_000_000);
    expect(await left()).toBe(960);
  });
});
