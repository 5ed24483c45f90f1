import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryQuotaStore, type QuotaLimits, RedisQuotaStore } from 'gatewright/rate-limit';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const limits: QuotaLimits = {
  windows: [{ dimension: 'per_minute', windowMs: MINUTE_MS, limit: 10 }],
  concurrent: 1000,
};
const bucket: QuotaLimits = {
  windows: [{ dimension: 'per_minute', windowMs: MINUTE_MS, limit: 10, capacity: 10 }],
  concurrent: 1000,
};

async function storeAt(start = 1_700_000_000_000) {
  const redis = (await RedisServer.start()).client();
  const clock = { now: start };
  const store = new RedisQuotaStore({ client: redis, now: () => clock.now });
  cleanup(() => store.close());
  const reserve = (given = limits, leaseMs = 1000) => store.reserve('key:a', given, 1, 0, leaseMs);
  const fill = async (given = limits) => {
    for (let count = 0; count < 10; count += 1) expect((await reserve(given)).allowed).toBe(true);
  };
  return { redis, clock, store, reserve, fill };
}

describe('RedisQuotaStore, when the clock jumps back', () => {
  test.each([
    ['sliding windows', limits],
    ['a token bucket', bucket],
  ])('keeps what is used, and lets %s go on from there', async (_name, given) => {
    const { clock, store, reserve, fill } = await storeAt();
    await fill(given);
    clock.now += 10_000;
    const { resetMs } = await store.peek('key:a', given, 1, 0);
    clock.now -= HOUR_MS;
    const refused = await reserve(given);
    expect(refused.allowed).toBe(false);
    expect(refused.resetMs).toBeLessThanOrEqual(resetMs + 10_000);
    clock.now += refused.resetMs - 1;
    expect((await reserve(given)).allowed).toBe(false);
    clock.now += 1;
    expect((await reserve(given)).allowed).toBe(true);
  });

  test('keeps leases for no longer than a whole one, and no shorter', async () => {
    const { clock, store, reserve } = await storeAt();
    const one = { ...limits, concurrent: 1 };
    expect((await reserve(one, 30_000)).allowed).toBe(true);
    clock.now -= HOUR_MS;
    expect((await store.peek('key:a', one, 1, 0)).running).toBe(1);
    expect((await reserve(one, 30_000)).allowed).toBe(false);
    clock.now += 29_999;
    expect((await reserve(one, 30_000)).allowed).toBe(false);
    clock.now += 1;
    expect((await reserve(one, 30_000)).allowed).toBe(true);
  });

  test('settles, too', async () => {
    const { clock, store } = await storeAt();
    const cost: QuotaLimits = {
      windows: [{ dimension: 'cost_per_hour', windowMs: HOUR_MS, limit: 1000 }],
      concurrent: 9,
    };
    const { lease } = await store.reserve('key:a', cost, 1, 400, 1000);
    clock.now -= 5 * HOUR_MS;
    if (lease) await store.settle(lease, 100);
    expect(await store.peek('key:a', cost, 1, 0)).toMatchObject({ remaining: 900, running: 0 });
    clock.now += 2 * HOUR_MS;
    expect(await store.peek('key:a', cost, 1, 0)).toMatchObject({ remaining: 1000 });
  });

  test('changes nothing for who only looks', async () => {
    const { redis, clock, store, fill } = await storeAt();
    await fill();
    const keys = ['gw:quota:{key:a}', 'gw:leases:{key:a}'];
    const dump = () => Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    const before = await dump();
    for (const jump of [MINUTE_MS, -HOUR_MS, 5 * HOUR_MS]) {
      clock.now += jump;
      await store.peek('key:a', limits, 1, 0);
    }
    expect(await dump()).toEqual(before);
  });

  test('always says when it will admit, however often it jumps', async () => {
    const { clock, store } = await storeAt();
    const jumps = fc.array(fc.integer({ min: -3 * MINUTE_MS, max: 3 * MINUTE_MS }), { maxLength: 30 });
    let subjects = 0;
    const property = fc.asyncProperty(jumps, fc.constantFrom(limits, bucket), async (all, given) => {
      subjects += 1;
      const ask = () => store.reserve(`key:${subjects}`, given, 3, 0, 1000);
      for (const jump of all) {
        clock.now += jump;
        const decision = await ask();
        expect(decision.resetMs).toBeLessThanOrEqual(2 * MINUTE_MS);
        if (decision.allowed) continue;
        clock.now += decision.resetMs;
        expect((await ask()).allowed).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: process.env['SOAK'] ? 1000 : 50 });
  }, 120_000);
});

describe('MemoryQuotaStore', () => {
  test('goes by a clock that does not jump', () => {
    const wall = jest.spyOn(Date, 'now').mockReturnValue(0);
    cleanup(() => wall.mockRestore());
    const store = new MemoryQuotaStore();
    for (let count = 0; count < 10; count += 1) {
      expect(store.reserve('key:a', limits, 1, 0, Infinity).allowed).toBe(true);
      wall.mockReturnValue(1_700_000_000_000 - count * HOUR_MS);
    }
    expect(store.reserve('key:a', limits, 1, 0, Infinity).allowed).toBe(false);
  });
});
