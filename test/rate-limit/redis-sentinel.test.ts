import { describe, expect, test } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { type Limited, limited, patient } from '../redis-limited.js';
import { ended, quick, RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';
import { ample, lostAndBack, watched } from '../redis-watched.js';

const SUBJECT = 'ip:127.0.0.1';
const soak = Boolean(process.env['SOAK']);
const clients = soak ? 32 : 8;

/** A master, a replica that has all of it, and a Sentinel that knows both. */
async function replicated(options: Pick<RedisOptions, 'failoverDetector'> = {}) {
  const master = await RedisServer.start();
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port));
  const copy = replica.client();
  await eventually(async () => expect(await copy.info('replication')).toContain('master_link_status:up'));
  const sentinel = await RedisServer.startSentinel(master);
  const asking = sentinel.client();
  await eventually(async () => expect(await asking.call('SENTINEL', 'REPLICAS', 'main')).toHaveLength(1));
  const redis = ended(
    new Redis({
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'main',
      ...quick,
      ...options,
    }),
  );
  return { master, replica, copy, asking, redis };
}

/** How many requests the shared limits have counted today. */
async function usedOfDay({ limit }: Limited): Promise<number> {
  const { dimensions } = await limit.explain(SUBJECT);
  return Number(dimensions.find(({ dimension }) => dimension === 'per_day')?.used);
}

describe('rateLimit under load, when Sentinel fails over', () => {
  test('because the master was killed, decides in memory, and then on the new master', async () => {
    const { master, copy, redis } = await replicated();
    // Less than a fail-over takes: with more, nothing but a short wait would be seen of it.
    const limiter = await watched(redis, { storeTimeoutMs: 300 });
    const load = traffic(limiter.url, clients);
    await load.more(50);
    await master.kill();
    await eventually(() => expect(limiter.modes).toEqual(['rate_limit: local']));
    await load.more(50);
    await eventually(() => expect(limiter).toMatchObject(lostAndBack('local')));
    expect(await copy.info('replication')).toContain('role:master');
    const onCopy = await limited({ ...patient, redis: copy, tiers: { free: ample } });
    const before = await usedOfDay(onCopy);
    await eventually(async () => expect(await usedOfDay(onCopy)).toBeGreaterThanOrEqual(before + 50));
    expect(Object.keys(await load.stop())).toEqual(['200']);
    await eventually(async () => expect(await copy.zcard(`gw:leases:{${SUBJECT}}`)).toBe(0));
    expect((await limiter.limit.explain(SUBJECT)).allowed).toBe(true);
  }, 60_000);

  // Sentinel takes its time for it.
  const alsoLong = soak ? test : () => undefined;

  alsoLong(
    'because it was told to, goes on with the usage that there was',
    async () => {
      const { copy, asking, redis } = await replicated({ failoverDetector: true });
      // What the old master did last may not have been copied: such a slot comes back when its lease expires.
      const limiter = await watched(redis, { leaseMs: 2000 });
      const load = traffic(limiter.url, clients);
      await load.more(50);
      // Until it has heard of the replica lately, it answers NOGOODSLAVE.
      await eventually(async () => expect(await asking.call('SENTINEL', 'FAILOVER', 'main')).toBe('OK'));
      await eventually(async () => expect(await copy.info('replication')).toContain('role:master'));
      await eventually(async () => {
        expect(redis.status).toBe('ready');
        expect(await redis.info('server')).toContain(`tcp_port:${copy.options.port}`);
      });
      await load.more(50);
      expect(Object.keys(await load.stop())).toEqual(['200']);
      await eventually(() => expect(limiter.modes.length % 2).toBe(0));
      expect(await usedOfDay(limiter)).toBeGreaterThan(50);
      await eventually(async () => {
        const { dimensions: later } = await limiter.limit.explain(SUBJECT);
        expect(later.at(-1)).toMatchObject({ dimension: 'concurrent', used: 0 });
      });
    },
    60_000,
  );
});
