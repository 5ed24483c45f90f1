import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressLimit, type QuotaLease, type QuotaLimits, RedisQuotaStore } from 'gatewright/rate-limit';
import { cleanup, send, serve } from '../helpers.js';
import { RedisCluster } from '../redis-cluster.js';
import { limited, patient } from '../redis-limited.js';
import { eventually } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';
import { watched } from '../redis-watched.js';

const limits: QuotaLimits = {
  windows: [
    { dimension: 'per_minute', windowMs: 60_000, limit: 2 },
    { dimension: 'cost_per_hour', windowMs: 3_600_000, limit: 100 },
  ],
  concurrent: 2,
};

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.launch();
}, 60_000);
afterAll(() => cluster.stop());

describe('on a Redis Cluster', () => {
  test('subjects lie on all its nodes, and are limited, settled, looked at and renewed there', async () => {
    const client = cluster.client();
    const store = new RedisQuotaStore({ client });
    cleanup(() => store.close());
    const subjects = Array.from({ length: 60 }, (_, at) => `key:${at}`);
    const reserve = (subject: string) => store.reserve(subject, limits, 1, 10, 300);
    const first = await Promise.all(subjects.map(reserve));
    const second = await Promise.all(subjects.map(reserve));
    const third = await Promise.all(subjects.map(reserve));
    expect([first, second, third].map((all) => new Set(all.map(({ allowed }) => allowed)))).toEqual([
      new Set([true]),
      new Set([true]),
      new Set([false]),
    ]);
    for (const node of cluster.nodes) expect(await node.client().dbsize()).toBeGreaterThan(0);

    // Every lease is renewed, and outlives its time.
    const latest = (subject: string) => client.zrange(`gw:leases:{${subject}}`, '0', '0', 'WITHSCORES');
    const before = await Promise.all(subjects.map(latest));
    await eventually(async () => {
      const after = await Promise.all(subjects.map(latest));
      const renewed = after.filter(([, until], at) => Number(until) > Number(before[at]?.[1]) + 300);
      expect(renewed).toHaveLength(subjects.length);
    });
    for (const { lease } of [...first, ...second]) await store.settle(lease as QuotaLease, 30);
    for (const subject of subjects) {
      const { running, windows } = await store.peek(subject, limits, 1, 0);
      expect([running, windows[1]?.remaining]).toEqual([0, 40]);
    }
  }, 60_000);

  test('the middleware works, runtime limits are told, and addresses are limited', async () => {
    const client = cluster.client();
    const options = {
      ...patient,
      redis: client,
      keyPrefix: 'middleware:',
      tiers: { free: { requestsPerMinute: 3 } },
    };
    const [one, other] = [await limited(options), await limited(options)];
    const statuses = [];
    for (const { url } of [one, other, one, other, one]) statuses.push((await send(url, '/')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    await one.limit.limits.setTier('free', { requestsPerMinute: 1000 });
    await eventually(async () => expect((await send(other.url, '/')).status).toBe(200));

    const limit = addressLimit({ requests: 2, redis: client, storeTimeoutMs: 60_000 });
    cleanup(() => limit.close());
    const { url } = await serve((req, res) => limit(req, res, () => res.end('ok')));
    const counted = [];
    for (let count = 0; count < 4; count += 1) counted.push((await send(url, '/')).status);
    expect(counted).toEqual([200, 200, 429, 429]);
  }, 60_000);

  test('whose node has died, no request fails', async () => {
    const client = cluster.client();
    let count = 0;
    const key = () => `key:${count++}`;
    const { url, limit } = await watched(client, { key, storeTimeoutMs: 200 });
    const load = traffic(url, 8);
    await load.more(50);
    await cluster.nodes[1]?.kill();
    await load.more(100);
    expect(Object.keys(await load.stop())).toEqual(['200']);
    expect((await limit.explain('key:1')).allowed).toBe(true);
  }, 60_000);
});
