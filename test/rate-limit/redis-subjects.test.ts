import { describe, expect, test } from '@jest/globals';
import { type QuotaLimits, RedisQuotaStore } from 'gatewright/rate-limit';
import { cleanup, send } from '../helpers.js';
import { limited, patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';

const once: QuotaLimits = {
  windows: [{ dimension: 'per_day', windowMs: 86_400_000, limit: 1 }],
  concurrent: 5,
};

const odd = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '',
  ' ',
  '{',
  '}',
  '{}',
  'a{b}c',
  '}{',
  'key:{a}',
  'with space',
  'new\nline',
  'null\0byte',
  '\r\n*1\r\n$8\r\nFLUSHALL\r\n',
  'ключ',
  '漢字',
  '💥',
  '*',
  'x'.repeat(65_536),
  '💥'.repeat(16_384),
];

async function storeOn(server: RedisServer) {
  const redis = server.client();
  const store = new RedisQuotaStore({ client: redis });
  cleanup(() => store.close());
  const ask = async (subject: string) => (await store.reserve(subject, once, 1, 0, 60_000)).allowed;
  return { redis, ask };
}

describe('a subject on Redis', () => {
  test('may have any name, and is told apart from all others', async () => {
    const { redis, ask } = await storeOn(await RedisServer.start());
    for (const subject of odd) expect([subject, await ask(subject)]).toEqual([subject, true]);
    for (const subject of odd) expect([subject, await ask(subject)]).toEqual([subject, false]);
    const keys = await redis.keys('*');
    expect(keys).toHaveLength(2 * odd.length);
    expect(Math.max(...keys.map((key) => Buffer.byteLength(key)))).toBeLessThan(600);
  });

  test('has both its keys in one slot of a Cluster', async () => {
    const { redis, ask } = await storeOn(await RedisServer.start());
    const inCluster = (await RedisServer.start('--cluster-enabled', 'yes')).client();
    const slotOf = (key: string) => inCluster.cluster('KEYSLOT', key);
    for (const subject of [...odd, 'key:a', 'ip:2001:db8::/64', 'jwt:https://issuer/:a', 'key:a@kgot']) {
      await redis.flushall();
      await ask(subject);
      const [one = '', other = ''] = await redis.keys('*');
      expect(one).not.toBe(other);
      expect(await slotOf(one)).toBe(await slotOf(other));
    }
  });

  test('is one of 10,000 with odd names, each with its own limit', async () => {
    const { redis, ask } = await storeOn(await RedisServer.start());
    const names = Array.from({ length: 10_000 }, (_, at) => `__proto__{${at}}\n`);
    const askAll = async () => new Set(await Promise.all(names.map(ask)));
    expect([await askAll(), await askAll()]).toEqual([new Set([true]), new Set([false])]);
    expect(await redis.dbsize()).toBe(20_000);
  }, 60_000);

  test('named `__proto__` has one limit for 10,000 requests', async () => {
    const { redis, ask } = await storeOn(await RedisServer.start());
    const decisions = await Promise.all(Array.from({ length: 10_000 }, () => ask('__proto__')));
    expect(decisions.filter(Boolean)).toHaveLength(1);
    expect(await redis.dbsize()).toBe(2);
  }, 60_000);

  test('has a bounded name, whatever a key function gives', async () => {
    const redis = (await RedisServer.start()).client();
    const { url } = await limited({
      ...patient,
      redis,
      tiers: { free: { requestsPerDay: 1 } },
      key: (req) => (req.url ?? '').slice(1).repeat(65_536),
    });
    const statuses = [];
    for (const path of ['/a', '/b', '/a', '/b']) statuses.push((await send(url, path)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    for (const key of await redis.keys('*')) expect(key.length).toBeLessThan(200);
  });
});
