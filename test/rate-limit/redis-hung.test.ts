import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { cleanup, send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually, type Scripts } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';
import { lostAndBack, storeTimeoutMs, watched } from '../redis-watched.js';

const SUBJECT = 'ip:127.0.0.1';
type Client = NonNullable<RateLimitOptions['redis']>;

/** A Redis that gives these answers to scripts, and then no more to anything. */
function hung(...answers: unknown[]) {
  const calls = { scripts: 0, set: 0 };
  const never = () => new Promise(() => undefined);
  const subscriber = { on: () => undefined, subscribe: never, disconnect: () => undefined };
  const client = {
    ping: never,
    eval: never,
    evalsha: never,
    hgetall: never,
    evalshaBuffer: () => {
      calls.scripts += 1;
      return calls.scripts <= answers.length ? Promise.resolve(answers[calls.scripts - 1]) : never();
    },
    set: () => {
      calls.set += 1;
      return never();
    },
    duplicate: () => subscriber,
  };
  return { calls, client: client as unknown as Client };
}

/** A limiter on it by a clock that the test moves. */
function timed(redis: Client, options: RateLimitOptions = {}) {
  jest.useFakeTimers();
  cleanup(() => jest.useRealTimers());
  const limit = rateLimit({ redis, ...options });
  cleanup(() => limit.close());
  const passed = jest.fn();
  const ask = () => {
    const res = { setHeader: () => undefined, on: () => undefined, headersSent: false };
    const req = { headers: {}, socket: { remoteAddress: '192.0.2.1' } };
    limit(req as never, res as never, passed);
  };
  return { ask, passed };
}

describe('a Redis that hangs', () => {
  test('costs a request `storeTimeoutMs`, and nothing once it is given up', async () => {
    const { calls, client } = hung();
    const { ask, passed } = timed(client, { storeTimeoutMs: 250, tiers: { free: {} } });
    for (const turn of [1, 2, 3]) {
      ask();
      await jest.advanceTimersByTimeAsync(249);
      expect(passed).toHaveBeenCalledTimes(turn - 1);
      await jest.advanceTimersByTimeAsync(2);
      expect(passed).toHaveBeenCalledTimes(turn);
    }
    for (const turn of [4, 5, 6, 7]) {
      ask();
      expect(passed).toHaveBeenCalledTimes(turn);
    }
    expect(calls.scripts).toBe(3);
    // It is asked now and then, and seldom again before it has answered.
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls.scripts).toBe(3);
    expect(calls.set).toBeLessThanOrEqual(12);
  });

  test('is not sent renewals that pile up', async () => {
    const { calls, client } = hung(
      Buffer.from(new Float64Array([12, 9, 1000, 9, 1000, 9, 1000, 9, 1000, 9, 1000, 1, 1]).buffer),
    );
    const { ask, passed } = timed(client, { leaseMs: 3000 });
    ask();
    await jest.advanceTimersByTimeAsync(999);
    expect([passed.mock.calls.length, calls.scripts]).toEqual([1, 1]);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(calls.scripts).toBeLessThanOrEqual(1 + 3);
  });

  test('is not sent anything more by requests, however many come, and undoes what it admits late', async () => {
    const server = await RedisServer.start();
    const looking = server.client();
    const limiter = await watched(server.client(), { cost: 0.5 });
    const scripts = jest.spyOn(limiter.redis as unknown as Scripts, 'evalshaBuffer');
    const probes = jest.spyOn(limiter.redis, 'set');
    await Promise.all([1, 2, 3].map(() => send(limiter.url, '/')));
    await eventually(async () => expect(await looking.zcard(`gw:leases:{${SUBJECT}}`)).toBe(0));
    server.signal('SIGSTOP');
    const load = traffic(limiter.url, 8);
    await eventually(() => expect(limiter.modes).toEqual(['rate_limit: local']));
    await load.more(8);
    const sent = scripts.mock.calls.length;
    await load.more(200);
    expect(scripts.mock.calls).toHaveLength(sent);
    expect(probes.mock.calls.length).toBeLessThanOrEqual(1);
    expect(Object.keys(await load.stop())).toEqual(['200']);

    server.signal('SIGCONT');
    await eventually(() => expect(limiter).toMatchObject(lostAndBack('local')));
    await eventually(async () => expect(await looking.zcard(`gw:leases:{${SUBJECT}}`)).toBe(0));
    const { dimensions } = await limiter.limit.explain(SUBJECT);
    // What it admitted too late was decided in memory, and has cost nothing here.
    expect(dimensions).toContainEqual(expect.objectContaining({ dimension: 'cost_per_hour', used: 1.5 }));
    expect(dimensions).toContainEqual(expect.objectContaining({ dimension: 'concurrent', used: 0 }));
  });

  test('for a moment changes no mode, and its late admissions are undone', async () => {
    const server = await RedisServer.start();
    const limiter = await watched(server.client(), { cost: 0.5 });
    await send(limiter.url, '/');
    await eventually(async () => expect(await limiter.redis.zcard(`gw:leases:{${SUBJECT}}`)).toBe(0));
    server.signal('SIGSTOP');
    const statuses = await Promise.all([1, 2].map(() => send(limiter.url, '/')));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
    server.signal('SIGCONT');
    await eventually(async () => {
      const { dimensions } = await limiter.limit.explain(SUBJECT);
      // Their requests were served, and count; their slots and cost were taken twice, and come back.
      expect(dimensions).toMatchObject([
        { dimension: 'burst' },
        { dimension: 'per_minute', used: 3 },
        { dimension: 'per_hour', used: 3 },
        { dimension: 'per_day', used: 3 },
        { dimension: 'cost_per_hour', used: 0.5 },
        { dimension: 'concurrent', used: 0 },
      ]);
    });
    expect([limiter.modes, limiter.lines]).toEqual([[], []]);
  });
});

if (process.env['SOAK']) {
  test('a Redis that hangs, and takes the connection with it, is found again', async () => {
    const server = await RedisServer.start();
    // Such a client never answers what was on its way.
    const limiter = await watched(server.client({ autoResendUnfulfilledCommands: false }));
    const probes = jest.spyOn(limiter.redis, 'set');
    await send(limiter.url, '/');
    server.signal('SIGSTOP');
    const load = traffic(limiter.url, 4);
    await eventually(() => expect(probes).toHaveBeenCalled());
    await server.kill();
    await server.up();
    await eventually(() => expect(limiter).toMatchObject(lostAndBack('local')));
    expect(Object.keys(await load.stop())).toEqual(['200']);
  }, 30_000);
}

test('a process that was busy itself for longer than `storeTimeoutMs` does not blame Redis', async () => {
  const server = await RedisServer.start();
  const redis = server.client();
  const limiter = await watched(redis);
  await send(limiter.url, '/');
  const scripts = jest.spyOn(redis as unknown as Scripts, 'evalshaBuffer');
  for (let time = 0; time < 3; time += 1) {
    scripts.mockClear();
    const sent = Array.from({ length: 5 }, () => send(limiter.url, '/'));
    while (scripts.mock.calls.length === 0) await nextTurn();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, storeTimeoutMs + 100);
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  }
  expect(limiter.modes).toEqual([]);
  await eventually(async () =>
    expect(await limiter.limit.explain(SUBJECT)).toMatchObject({
      dimensions: expect.arrayContaining([expect.objectContaining({ dimension: 'per_day', used: 16 })]),
    }),
  );
});
