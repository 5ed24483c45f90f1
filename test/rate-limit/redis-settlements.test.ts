import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import { send } from '../helpers.js';
import { quick, RedisServer } from '../redis-server.js';
import { eventually, type Scripts } from '../redis-support.js';
import { ample, Cable, lostAndBack, watched } from '../redis-watched.js';

const LEASES = 'gw:leases:{ip:127.0.0.1}';

/** A limiter behind a cable to Redis, whose handler holds requests to `/hold` and says what they have cost. */
async function cabled(retryStrategy: () => number | null = () => 50) {
  const server = await RedisServer.start();
  const cable = await Cable.to(server);
  const redis = server.client({
    ...quick,
    port: cable.port,
    retryStrategy,
    // Whoever has a fallback should not wait for what is gone.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
  });
  await new Promise((resolve) => redis.once('ready', resolve));
  const held: [IncomingMessage, ServerResponse][] = [];
  const key = (req: IncomingMessage) => (req.url === '/hold' ? 'ip:127.0.0.1' : 'ip:192.0.2.1');
  const limiter = await watched(redis, { cost: 0.5, key }, (req, res) => {
    if (req.url === '/hold') held.push([req, res]);
    else res.end('ok');
  });
  const hold = async (count: number) => {
    const answers = Array.from({ length: count }, () => send(limiter.url, '/hold'));
    await eventually(() => expect(held.length).toBe(count));
    return async (actual: number) => {
      for (const [req, res] of held.splice(0)) {
        if (req.gateway?.cost) req.gateway.cost.actual = actual;
        res.end('ok');
      }
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(new Array(count).fill(200));
    };
  };
  const spent = async () => {
    const { dimensions } = await limiter.limit.explain('ip:127.0.0.1');
    return dimensions.find(({ dimension }) => dimension === 'cost_per_hour')?.used;
  };
  return { cable, redis, limiter, hold, spent, looking: server.client() };
}

describe('a settlement', () => {
  test.each([
    ['less', 0.1],
    ['more', 2],
  ])('of %s than was estimated, made while Redis is away, arrives when it is back', async (_name, actual) => {
    const { cable, limiter, hold, spent, looking } = await cabled();
    const release = await hold(20);
    expect(await looking.zcard(LEASES)).toBe(20);
    cable.cut();
    await release(actual);
    await eventually(() => expect(limiter.modes).toEqual(['rate_limit: local']));
    expect(await looking.zcard(LEASES)).toBe(20);
    cable.mend();
    await eventually(async () => expect(await looking.zcard(LEASES)).toBe(0));
    expect(limiter).toMatchObject(lostAndBack('local'));
    expect(await spent()).toBeCloseTo(20 * actual, 6);
  });

  test('that fails once, without a change of mode, arrives a moment later', async () => {
    const { cable, redis, limiter, hold, spent, looking } = await cabled();
    const release = await hold(1);
    const cut = new Promise((resolve) => redis.once('close', resolve));
    cable.cut();
    await cut;
    await release(0.1);
    cable.mend();
    await eventually(() => expect(redis.status).toBe('ready'));
    await eventually(async () => expect(await looking.zcard(LEASES)).toBe(0));
    expect(await spent()).toBeCloseTo(0.1, 6);
    expect([limiter.modes, limiter.lines]).toEqual([[], []]);
  });

  test('of what was decided in memory stays there, when Redis is back before its end', async () => {
    const { cable, limiter, hold, spent, looking } = await cabled();
    cable.cut();
    for (let count = 0; count < 4; count += 1) await send(limiter.url, '/');
    expect(limiter.modes).toEqual(['rate_limit: local']);
    const release = await hold(3);
    cable.mend();
    await eventually(() => expect(limiter.modes).toHaveLength(2));
    await release(0.1);
    expect(await looking.zcard(LEASES)).toBe(0);
    expect(await spent()).toBe(0);
    expect(limiter.lines).toHaveLength(2);
  });

  test('of a client whose connection has ended for good is kept, and hurts nobody', async () => {
    let retry: number | null = 50;
    const { cable, limiter, hold } = await cabled(() => retry);
    const release = await hold(5);
    retry = null;
    cable.cut();
    await release(0.1);
    await eventually(() => expect(limiter.modes).toEqual(['rate_limit: local']));
    expect((await send(limiter.url, '/')).status).toBe(200);
    expect(limiter.lines).toHaveLength(1);
  });
});

test('a lease is not renewed any more once its response has ended, even if Redis does not know', async () => {
  const server = await RedisServer.start();
  const redis = server.client();
  const held: ServerResponse[] = [];
  const options = { leaseMs: 600, storeTimeoutMs: 100, tiers: { free: { ...ample, concurrentRequests: 1 } } };
  const limiter = await watched(redis, options, (_req, res) => held.push(res));
  const answer = send(limiter.url, '/');
  await eventually(() => expect(held.length).toBe(1));
  // Settlements are lost, all else works.
  const call = (redis as unknown as Scripts).evalshaBuffer.bind(redis) as (
    ...args: unknown[]
  ) => Promise<unknown>;
  const scripts = jest.spyOn(redis as unknown as Scripts, 'evalshaBuffer') as unknown as jest.Mock<
    typeof call
  >;
  scripts.mockImplementation((...args) =>
    String(args.at(-1)).includes('settle') ? Promise.reject(new Error('lost')) : call(...args),
  );
  held[0]?.end('ok');
  expect((await answer).status).toBe(200);
  await eventually(async () => expect((await limiter.limit.explain('ip:127.0.0.1')).allowed).toBe(true));
});
