import { expect, test } from '@jest/globals';
import type { CircuitBreakerOptions } from 'gatewright/circuit-breaker';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { brokenNetwork, type Replica, replica, upstreamOf } from './shared-support.js';

/** Replicas of which the first ones have a broken network to the upstream; each has had traffic. */
async function replicas(broken: number, options: CircuitBreakerOptions = {}) {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const gone = await brokenNetwork();
  const all: Replica[] = [];
  for (let at = 0; at < 3; at += 1) {
    all.push(
      await replica(redis, at < broken ? gone : upstream.url, { halfOpenAfterMs: 60_000, ...options }),
    );
  }
  for (const { ask } of all) for (let at = 0; at < 3; at += 1) await ask();
  return { redis, upstream, all };
}

const states = (all: readonly Replica[]) => all.map(({ state }) => state());

/** Passes once every replica has heard of the others. */
const acquainted = (all: readonly Replica[], failing: number) =>
  eventually(() => {
    for (const each of all) expect(each.counted()).toEqual({ alive: all.length, failing });
  });

test('without sharing, a replica with a broken network opens alone', async () => {
  const { all } = await replicas(1, { shared: false });
  expect(states(all)).toEqual(['open', 'closed', 'closed']);
  expect(await all[1]?.ask()).toBe(200);
});

test('with a quorum of a half, one of three that sees it failing opens alone', async () => {
  const { all, upstream } = await replicas(1);
  await acquainted(all, 1);
  expect(states(all)).toEqual(['open', 'closed', 'closed']);
  const { reached } = upstream.state;
  for (const { ask } of all.slice(1)) expect(await ask()).toBe(200);
  expect(upstream.state.reached).toBe(reached + 2);
});

test('with a quorum of a half, two of three that see it failing open it for all', async () => {
  const { all, upstream } = await replicas(2);
  await eventually(() => expect(states(all)).toEqual(['open', 'open', 'open']));
  const { reached } = upstream.state;
  expect(await all[2]?.ask()).toBe(503);
  expect(upstream.state.reached).toBe(reached);
});

test('with a quorum of all, two of three do not open it for the third', async () => {
  const { all } = await replicas(2, { shared: { quorum: 1, heartbeatMs: 250 } });
  await acquainted(all, 2);
  expect(states(all)).toEqual(['open', 'open', 'closed']);
});

test('a replica that has had no request yet is open from the first one', async () => {
  const { all, redis, upstream } = await replicas(3);
  await eventually(() => expect(states(all)).toEqual(['open', 'open', 'open']));
  const late = await replica(redis, upstream.url);
  // Its second view is written when it has read what all see.
  const client = redis.client();
  const [, , , id] = await eventually(async () => {
    const ids = await client.hkeys('gw:{breakers}:views');
    expect(ids).toHaveLength(4);
    return ids;
  });
  await client.hdel('gw:{breakers}:views', String(id));
  await eventually(async () => expect(await client.hlen('gw:{breakers}:views')).toBe(4));
  expect(await late.ask()).toBe(503);
});

test('closes for all when those that saw it failing see it well', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  upstream.state.status = 500;
  const all = [await replica(redis, upstream.url), await replica(redis, upstream.url)];
  const third = await replica(redis, upstream.url, { consecutiveFailures: 1000 });
  for (const { ask } of [...all, third]) for (let at = 0; at < 3; at += 1) await ask();
  await eventually(() => expect(third.state()).toBe('open'));
  upstream.state.status = 200;
  await eventually(async () => {
    for (const { ask } of all) expect(await ask()).toBe(200);
    expect(await third.ask()).toBe(200);
  });
  await acquainted([...all, third], 0);
});

test('a replica that opened and is asked no more holds nobody else open', async () => {
  const { all } = await replicas(2, { halfOpenAfterMs: 500 });
  await eventually(() => expect(all[2]?.state()).toBe('open'));
  // Nobody asks the two that are broken, so that neither of them finds out anything.
  await eventually(async () => expect(await all[2]?.ask()).toBe(200));
});

test('a replica that says goodbye counts no more', async () => {
  const { all } = await replicas(1);
  await acquainted(all, 1);
  await all[0]?.breaker.close();
  await eventually(() => expect(all[2]?.counted()).toEqual({ alive: 2, failing: 0 }));
});

test('a replica that was killed counts no more after a while', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const client = redis.client();
  const one = await replica(redis, upstream.url);
  await one.ask();
  await client.hset('gw:{breakers}:views', 'killed', '{"v":1,"failing":["kgot"]}');
  await client.zadd('gw:{breakers}:alive', String(Date.now() + 1000), 'killed');
  await eventually(() => expect(one.state()).toBe('open'));
  await eventually(() => expect(one.counted()).toEqual({ alive: 1, failing: 0 }));
  expect(one.state()).toBe('closed');
});

test.each([
  ['a newer version', '{"v":2,"failing":["kgot"]}'],
  ['what is no JSON', 'nonsense'],
  ['another shape', '{"v":1,"failing":{"kgot":true}}'],
  ['keys that are none', '{"v":1,"failing":[1]}'],
  ['nothing', 'null'],
])('ignores a view of %s', async (_what, view) => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const client = redis.client();
  for (const id of ['x', 'y', 'z']) {
    await client.zadd('gw:{breakers}:alive', Date.now() + 3_600_000, id);
    await client.hset('gw:{breakers}:views', id, view);
  }
  const one = await replica(redis, upstream.url);
  await one.ask();
  await eventually(() => expect(one.counted()).toEqual({ alive: 1, failing: 0 }));
  expect(one.state()).toBe('closed');
});

test('what is left in Redis goes away by itself when all replicas have died', async () => {
  const { all, redis } = await replicas(1);
  await acquainted(all, 1);
  const client = redis.client();
  expect(await client.pttl('gw:{breakers}:alive')).toBeGreaterThan(0);
  expect(await client.pttl('gw:{breakers}:views')).toBeGreaterThan(0);
});
