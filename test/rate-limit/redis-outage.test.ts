import { describe, expect, jest, test } from '@jest/globals';
import type { StoreErrorPolicy } from 'gatewright/rate-limit';
import { send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';
import { lostAndBack, type Watched, watched } from '../redis-watched.js';

const SUBJECT = 'ip:127.0.0.1';
const soak = Boolean(process.env['SOAK']);
const [clients, some, timeoutMs] = soak ? [32, 1000, 180_000] : [8, 50, 20_000];
const policies = ['local', 'open', 'closed'] as const;

interface Outage {
  begin(redis: RedisServer): unknown;
  end(redis: RedisServer): unknown;
}

const outages: Record<string, Outage> = {
  'is killed and started again': { begin: (redis) => redis.kill(), end: (redis) => redis.up() },
  'hangs and goes on': {
    begin: (redis) => redis.signal('SIGSTOP'),
    end: (redis) => redis.signal('SIGCONT'),
  },
};
const cases = Object.keys(outages)
  .flatMap((name) => policies.map((policy) => [name, policy] as const))
  .filter(([name, policy]) => soak || policy === 'local' || name.includes('killed'));

/** Nothing that the outage has admitted, or cut short, holds a slot. */
async function expectNoSlotHeld({ limit, redis }: Watched): Promise<void> {
  await eventually(async () => {
    expect(await redis.zcard(`gw:leases:{${SUBJECT}}`)).toBe(0);
    const { allowed, dimensions } = await limit.explain(SUBJECT);
    expect([allowed, dimensions.at(-1)]).toMatchObject([true, { dimension: 'concurrent', used: 0 }]);
  });
}

describe('rateLimit under load, when Redis', () => {
  test.each(cases)(
    '%s, does as `onStoreError: %s` says',
    async (name, onStoreError: StoreErrorPolicy) => {
      const server = await RedisServer.start();
      const outage = outages[name] as Outage;
      const limiter = await watched(server.client(), { onStoreError, cost: 0.01 });
      const load = traffic(limiter.url, clients);
      await load.more(some);
      expect([Object.keys(load.seen()), limiter.modes]).toEqual([['200'], []]);

      await outage.begin(server);
      await eventually(() => expect(limiter.modes).toHaveLength(1));
      const begun = Object.keys(load.seen());
      await load.more(some);
      const away = onStoreError === 'closed' ? '503' : '200';
      expect(Object.keys(load.seen())).toEqual([away]);
      expect(['200', away]).toEqual(expect.arrayContaining(begun));

      await outage.end(server);
      await eventually(() => expect(limiter.modes).toHaveLength(2));
      await load.more(clients);
      load.seen();
      await load.more(some);
      expect(Object.keys(await load.stop())).toEqual(['200']);
      expect(limiter).toMatchObject(lostAndBack(onStoreError));
      await expectNoSlotHeld(limiter);
    },
    timeoutMs,
  );

  test(
    'loses all its data, counts anew',
    async () => {
      const server = await RedisServer.start();
      const limiter = await watched(server.client());
      const load = traffic(limiter.url, clients);
      for (let time = 0; time < 3; time += 1) {
        await load.more(some);
        await limiter.redis.flushall();
      }
      expect(Object.keys(await load.stop())).toEqual(['200']);
      expect(limiter.modes).toEqual([]);
      await expectNoSlotHeld(limiter);
    },
    timeoutMs,
  );

  test.each([
    ['is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['takes no writes', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])(
    '%s, changes its mode once, though Redis answers to PING',
    async (_name, begin, end) => {
      const server = await RedisServer.start();
      const looking = server.client();
      const limiter = await watched(server.client());
      const call = ([command = '', ...args]: string[]) => looking.call(command, args);
      const probes = jest.spyOn(limiter.redis, 'set');
      const load = traffic(limiter.url, 4);
      await load.more(20);
      await call(begin);
      await eventually(() => expect(probes.mock.calls.length).toBeGreaterThanOrEqual(3));
      expect(await looking.ping()).toBe('PONG');
      expect(limiter.modes).toEqual(['rate_limit: local']);
      await call(end);
      await eventually(() => expect(limiter.modes).toHaveLength(2));
      await load.more(20);
      expect(Object.keys(await load.stop())).toEqual(['200']);
      expect(limiter).toMatchObject(lostAndBack('local'));
    },
    timeoutMs,
  );
});

describe('rateLimit, while Redis is away', () => {
  test('answers 503 in the documented shape where it is told to', async () => {
    const server = await RedisServer.start();
    const limiter = await watched(server.client(), { onStoreError: 'closed' });
    await server.kill();
    const answers = await Promise.all([1, 2, 3, 4].map(() => send(limiter.url, '/')));
    answers.push(await send(limiter.url, '/'));
    for (const { status, headers, body } of answers) {
      expect([status, headers['retry-after']]).toEqual([503, '1']);
      expect(JSON.parse(body)).toEqual({ error: 'Service temporarily unavailable', service: 'rate-limit' });
    }
  });

  test('refuses nothing in a dry run, even where it is told to refuse', async () => {
    const server = await RedisServer.start();
    const limiter = await watched(server.client(), { onStoreError: 'closed', dryRun: true });
    await server.kill();
    const answers = await Promise.all([1, 2, 3, 4].map(() => send(limiter.url, '/')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test.each([
    [40, 10],
    [3, 1],
  ])('divides a limit of %i among 4 replicas: %i for each', async (requestsPerDay, share) => {
    const server = await RedisServer.start();
    const limiter = await watched(server.client(), { tiers: { free: { requestsPerDay } }, replicas: 4 });
    await server.kill();
    const sent = Array.from({ length: 15 }, () => send(limiter.url, '/'));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(limiter.modes).toEqual(['rate_limit: local']);
    const { dimensions } = await limiter.limit.explain('ip:127.0.0.1');
    expect(dimensions).toMatchObject([{ dimension: 'per_day', limit: share, used: share, remaining: 0 }]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(share);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15 - share);
  });

  test('never had it, decides without it', async () => {
    const server = await RedisServer.start();
    await server.kill();
    const limiter = await watched(server.client());
    const load = traffic(limiter.url, 4);
    await load.more(20);
    expect(Object.keys(await load.stop())).toEqual(['200']);
    await server.up();
    await eventually(() => expect(limiter).toMatchObject(lostAndBack('local')));
  });
});
