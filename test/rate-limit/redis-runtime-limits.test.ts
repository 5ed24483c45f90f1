import { describe, expect, jest, test } from '@jest/globals';
import type { TierLimits } from 'gatewright';
import { cleanup, send } from '../helpers.js';
import { type Limited, limited, patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { Cable } from '../redis-watched.js';

const SUBJECT = 'ip:127.0.0.1';
const free = { requestsPerMinute: 1000, requestsPerHour: 5000 };
const configured = '"per_minute";q=1000;w=60, "per_hour";q=5000;w=3600';

const policy = async ({ url }: Limited) => (await send(url, '/')).headers['ratelimit-policy'];
const expectPolicy = (replica: Limited, wanted: string) =>
  eventually(async () => expect(await policy(replica)).toBe(wanted));

async function replicas(count = 2) {
  const server = await RedisServer.start();
  const start = (options = {}) => limited({ ...patient, redis: server.client(options), tiers: { free } });
  const started = await Promise.all(Array.from({ length: count }, () => start()));
  return { server, looking: server.client(), start, started: started as [Limited, Limited] };
}

describe('limits that are changed at run time on one replica', () => {
  test('hold for a tier on every replica, and are taken back on every replica', async () => {
    const { started } = await replicas();
    const [one, other] = started;
    expect(await policy(other)).toBe(configured);
    await one.limit.limits.setTier('free', { requestsPerDay: 7 });
    expect(await policy(one)).toBe('"per_day";q=7;w=86400');
    await expectPolicy(other, '"per_day";q=7;w=86400');
    await other.limit.limits.setTier('free', undefined);
    for (const replica of started) await expectPolicy(replica, configured);
  });

  test('are not undone by what was read before', async () => {
    const server = await RedisServer.start();
    const redis = server.client();
    const stale: ((stored: Record<string, string>) => void)[] = [];
    jest
      .spyOn(redis, 'hgetall')
      .mockImplementation(
        () => new Promise<Record<string, string>>((resolve) => stale.push(resolve)) as never,
      );
    const one = await limited({ ...patient, redis, tiers: { free } });
    await eventually(() => expect(stale.length).toBeGreaterThan(0));
    const early = stale.splice(0);
    await one.limit.limits.setTier('free', { requestsPerDay: 7 });
    for (const answer of early) answer({});
    expect(await policy(one)).toBe('"per_day";q=7;w=86400');
  });

  test("are merged over one subject's on every replica", async () => {
    const { started } = await replicas();
    const [one, other] = started;
    await one.limit.limits.setSubject(SUBJECT, { requestsPerMinute: 2 });
    await one.limit.limits.setSubject('ip:192.0.2.1', { requestsPerMinute: 9 });
    await expectPolicy(other, '"per_minute";q=2;w=60, "per_hour";q=5000;w=3600');
    expect((await other.limit.explain('ip:192.0.2.1')).dimensions[0]).toMatchObject({ limit: 9 });
    await one.limit.limits.setSubject(SUBJECT, undefined);
    await expectPolicy(other, configured);
  });

  test('hold for a subject of any length', async () => {
    const key = () => 'x'.repeat(65_536);
    const replica = await limited({ tiers: { free }, key });
    await replica.limit.limits.setSubject(key(), { requestsPerMinute: 1 });
    expect(await policy(replica)).toBe('"per_minute";q=1;w=60, "per_hour";q=5000;w=3600');
  });

  test('hold at once for who is refused already', async () => {
    const { started } = await replicas();
    const [one, other] = started;
    await one.limit.limits.setSubject(SUBJECT, { requestsPerMinute: 1 });
    await eventually(async () => expect((await send(other.url, '/')).status).toBe(429));
    await one.limit.limits.setSubject(SUBJECT, { requestsPerMinute: 500 });
    await eventually(async () => expect((await send(other.url, '/')).status).toBe(200));
    // One that is over a lower limit is refused until the window is over it no more.
    await one.limit.limits.setSubject(SUBJECT, { requestsPerMinute: 1 });
    await eventually(async () => expect((await send(other.url, '/')).status).toBe(429));
  });

  test('survive a restart of every replica', async () => {
    const { started, start } = await replicas(1);
    await started[0].limit.limits.setTier('free', { requestsPerDay: 7 });
    await started[0].limit.close();
    await expectPolicy(await start(), '"per_day";q=7;w=86400');
  });

  test('are found by a replica whose connection was cut meanwhile', async () => {
    const { server, started, start } = await replicas(1);
    const cable = await Cable.to(server);
    const behind = await start({ port: cable.port });
    expect(await policy(behind)).toBe(configured);
    cable.cut();
    await started[0].limit.limits.setTier('free', { requestsPerDay: 7 });
    cable.mend();
    await expectPolicy(behind, '"per_day";q=7;w=86400');
    // It hears again, too.
    await started[0].limit.limits.setTier('free', { requestsPerDay: 8 });
    await expectPolicy(behind, '"per_day";q=8;w=86400');
  });

  test('are found by the next refresh where a message was lost', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const { looking, started } = await replicas(1);
    const refresh = intervals.mock.calls.find(([, everyMs]) => everyMs === 30_000)?.[0];
    intervals.mockRestore();
    // It reads when it is made, and when its connection is ready.
    await eventually(async () =>
      expect(await looking.info('commandstats')).toMatch(/cmdstat_hgetall:calls=2,/),
    );
    expect(await policy(started[0])).toBe(configured);
    await looking.hset('gw:limits', 'tier:free', JSON.stringify({ requestsPerDay: 7 }));
    expect(await policy(started[0])).toBe(configured);
    (refresh as () => void)();
    await expectPolicy(started[0], '"per_day";q=7;w=86400');
  });

  test('hold on where Redis goes away', async () => {
    const { server, looking } = await replicas(0);
    const redis = server.client();
    const replica = await limited({ redis, tiers: { free } });
    await replica.limit.limits.setTier('free', { requestsPerDay: 7 });
    await looking.ping();
    await server.kill();
    expect(await policy(replica)).toBe('"per_day";q=7;w=86400');
  });

  test.each<[string, unknown, string]>([
    ['not positive', { requestsPerMinute: 0 }, '`limits.requestsPerMinute` must be greater than 0, got 0.'],
    ['not a number', { burstLimit: Number.NaN }, '`limits.burstLimit` must be a number, got NaN.'],
    [
      'unknown',
      { requestPerMinute: 5 },
      '`limits.requestPerMinute`: unknown option. Did you mean `requestsPerMinute`?',
    ],
  ])('throw where they are %s, and change nothing', async (_name, wrong, message) => {
    const { looking, started } = await replicas(1);
    const { limits } = started[0].limit;
    for (const change of [
      () => limits.setTier('free', wrong as TierLimits),
      () => limits.setSubject(SUBJECT, wrong as TierLimits),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'ERR_GATEWAY_CONFIG', problems: [message] });
    }
    expect(await policy(started[0])).toBe(configured);
    expect(await looking.exists('gw:limits')).toBe(0);
  });

  test('that cannot be read are left out, and the others hold', async () => {
    const { looking, start } = await replicas(0);
    await looking.hset('gw:limits', {
      'tier:basic': 'no JSON',
      'tier:premium': JSON.stringify({ requestsPerMinute: -1 }),
      'subject:key:a': JSON.stringify({ requestsPerFortnight: 1 }),
      'tier:__proto__': 'null',
      'tier:free': JSON.stringify({ requestsPerDay: 7 }),
    });
    const replica = await start();
    await expectPolicy(replica, '"per_day";q=7;w=86400');
    for (const tier of ['basic', 'premium']) {
      expect((await replica.limit.explain('key:a', { tier })).dimensions.length).toBeGreaterThan(1);
    }
  });

  test.each([
    ['no offline queue', { enableOfflineQueue: false }],
    ['a connection that is opened late', { lazyConnect: true }],
    ['a prefix of its own', { keyPrefix: 'app:' }],
  ])('are told through a client with %s', async (_name, options) => {
    const { start } = await replicas(0);
    const [one, other] = [await start(options), await start(options)];
    await eventually(async () => expect((await one.limit.explain(SUBJECT)).allowed).toBe(true));
    await eventually(() => one.limit.limits.setTier('free', { requestsPerDay: 7 }));
    await expectPolicy(other, '"per_day";q=7;w=86400');
    await one.limit.limits.setTier('free', { requestsPerDay: 8 });
    await expectPolicy(other, '"per_day";q=8;w=86400');
  });

  test('are at most 10,000', async () => {
    const server = await RedisServer.start();
    const replica = await limited({ ...patient, redis: server.client() });
    cleanup(() => replica.limit.close());
    const { limits } = replica.limit;
    const set = (at: number) => limits.setSubject(`key:${at}`, { requestsPerMinute: 1 });
    for (let at = 0; at < 10_000; at += 1) void set(at).catch(() => undefined);
    await expect(set(10_000)).rejects.toThrow('At most 10000 limits can be changed at run time');
  });
});
