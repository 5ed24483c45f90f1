import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QuotaLimits } from 'gatewright/rate-limit';
import { send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { startWorkers, type Worker } from '../redis-workers.js';

const soak = Boolean(process.env['SOAK']);
const [processes, requests, runs] = soak ? [8, 20_000, 10] : [4, 2000, 1];
const limit = requests / 4;
const DAY_MS = 86_400_000;
const times = requests / processes;

const windowOf = (dimension: QuotaLimits['windows'][number]['dimension']): QuotaLimits => ({
  windows: [{ dimension, windowMs: DAY_MS, limit }],
  concurrent: Infinity,
});
const ample = [
  { dimension: 'burst', windowMs: DAY_MS, limit: 1e9 },
  { dimension: 'per_minute', windowMs: DAY_MS, limit: 1e9 },
  { dimension: 'per_hour', windowMs: DAY_MS, limit: 1e9 },
  { dimension: 'per_day', windowMs: DAY_MS, limit: 1e9 },
  { dimension: 'cost_per_hour', windowMs: DAY_MS, limit: 1e9 },
] as const;

/** What each dimension alone refuses; windows are longer than the run. */
const dimensions: Record<string, QuotaLimits> = {
  burst: windowOf('burst'),
  per_minute: windowOf('per_minute'),
  per_hour: windowOf('per_hour'),
  per_day: windowOf('per_day'),
  cost_per_hour: windowOf('cost_per_hour'),
  'a token bucket': {
    windows: [{ dimension: 'per_minute', windowMs: 1e12, limit: 1, capacity: limit }],
    concurrent: Infinity,
  },
  concurrent: { windows: ample, concurrent: limit },
};

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

let redis: RedisServer;
let workers: Worker[];
beforeAll(async () => {
  redis = await RedisServer.launch();
  workers = await startWorkers(redis, processes);
}, 60_000);
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await redis.stop();
});

async function admitted(subject: string, limits: QuotaLimits, points: number): Promise<number> {
  const given = { subject, limits, times, points, costMicros: points };
  return sum(await Promise.all(workers.map((worker) => worker.ask<number>('reserve', given))));
}

describe(`${processes} processes, one Redis, ${requests} requests for one subject, ${runs} times`, () => {
  test(`admit exactly ${limit} by each dimension`, async () => {
    const counts: Record<string, Set<number>> = {};
    for (const [dimension, limits] of Object.entries(dimensions)) {
      counts[dimension] = new Set();
      for (let run = 0; run < runs; run += 1)
        counts[dimension].add(await admitted(`${dimension} ${run}`, limits, 1));
    }
    const exactly = Object.keys(dimensions).map((dimension) => [dimension, new Set([limit])]);
    expect(counts).toEqual(Object.fromEntries(exactly));
  }, 600_000);

  test('admit exactly as many weighted requests as fit', async () => {
    for (const points of [2.5, 3]) {
      expect(await admitted(`by ${points}`, windowOf('per_hour'), points)).toBe(Math.floor(limit / points));
    }
  }, 60_000);

  test('never have more slots than there are, however often they are given back', async () => {
    const slots = 5;
    for (let run = 0; run < runs; run += 1) {
      const given = { subject: `run ${run}`, limits: { windows: ample, concurrent: slots }, times };
      const most = await Promise.all(workers.map((worker) => worker.ask<number>('churn', given)));
      expect(Math.max(...most)).toBeLessThanOrEqual(slots);
      expect(Math.max(...most)).toBeGreaterThan(0);
    }
  }, 300_000);

  test('hold no more requests at an upstream than are allowed at a time, and admit as many again', async () => {
    const slots = 10;
    const options = { tiers: { free: { concurrentRequests: slots } }, storeTimeoutMs: 60_000 };
    const ports = await Promise.all(workers.map((worker) => worker.ask<number>('serve', { options })));
    const client = redis.client();
    for (let run = 0; run < runs; run += 1) {
      const statuses: number[] = [];
      const sent = ports.flatMap((port) =>
        Array.from({ length: slots }, async () => {
          statuses.push((await send(`http://127.0.0.1:${port}`, '/hold')).status);
        }),
      );
      const refused = processes * slots - slots;
      await eventually(() => expect(statuses).toEqual(new Array(refused).fill(429)));
      const held = await Promise.all(workers.map((worker) => worker.ask<number>('release')));
      expect(sum(held)).toBe(slots);
      await Promise.all(sent);
      expect(statuses.slice(refused)).toEqual(new Array(slots).fill(200));
      // A slot comes back a moment after the response.
      await eventually(async () => expect(await client.zcard('gw:leases:{ip:127.0.0.1}')).toBe(0));
    }
  }, 120_000);

  test('admit exactly what the middleware is told to, with every dimension on', async () => {
    const allowed = 60;
    const free = {
      requestsPerMinute: 1e6,
      requestsPerHour: 1e6,
      requestsPerDay: allowed,
      burstLimit: 1e6,
      costLimitPerHour: 1e6,
      concurrentRequests: 1e6,
    };
    const options = { tiers: { free }, cost: 0.001, storeTimeoutMs: 60_000, keyPrefix: 'all:' };
    const ports = await Promise.all(workers.map((worker) => worker.ask<number>('serve', { options })));
    const each = soak ? 500 : 50;
    const answers = ports.flatMap((port) =>
      Array.from({ length: each }, () => send(`http://127.0.0.1:${port}`, '/')),
    );
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(allowed);
    expect(statuses.filter((status) => status === 429)).toHaveLength(processes * each - allowed);
  }, 60_000);
});
