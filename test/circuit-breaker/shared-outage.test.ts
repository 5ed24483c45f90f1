import { expect, test } from '@jest/globals';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { brokenNetwork, replica, upstreamOf } from './shared-support.js';

/** Two replicas that see the upstream failing, and one that would not. */
async function forced() {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const gone = await brokenNetwork();
  const broken = [
    await replica(redis, gone, { halfOpenAfterMs: 60_000 }),
    await replica(redis, gone, { halfOpenAfterMs: 60_000 }),
  ];
  const well = await replica(redis, upstream.url);
  for (const { ask } of [...broken, well]) for (let at = 0; at < 3; at += 1) await ask();
  await eventually(() => expect(well.state()).toBe('open'));
  return { redis, broken, well };
}

test.each<[string, (redis: RedisServer) => unknown, (redis: RedisServer) => unknown]>([
  ['is gone', (redis) => redis.kill(), (redis) => redis.up()],
  ['hangs', (redis) => redis.signal('SIGSTOP'), (redis) => redis.signal('SIGCONT')],
])(
  'while Redis %s each replica goes by what it sees itself, and shares again when it is back',
  async (_what, stop, goOn) => {
    const { redis, broken, well } = await forced();
    await stop(redis);
    await eventually(() => expect(well.state()).toBe('closed'));
    expect(await well.ask()).toBe(200);
    expect(broken.map(({ state }) => state())).toEqual(['open', 'open']);
    await eventually(() => expect(well.modes).toEqual(['local']));
    expect(well.breaker.status().redis).toBe(false);
    await goOn(redis);
    await eventually(() => expect(well.state()).toBe('open'));
    expect(well.modes).toEqual(['local', 'shared']);
    expect(well.breaker.status().redis).toBe(true);
  },
);

test('an operator’s word reaches every replica, also those that had no request', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const [one, two] = [await replica(redis, upstream.url), await replica(redis, upstream.url)];
  await one.ask();
  const heard: unknown[] = [];
  two.events.on('breaker', (event) => heard.push(event));
  expect(await one.breaker.isolate('kgot', 'key:admin')).toBe(true);
  await eventually(() => expect(two.state()).toBe('isolated'));
  expect(await two.ask()).toBe(503);
  expect(await two.breaker.reset('kgot', 'key:other')).toBe(true);
  await eventually(() => expect(one.state()).toBe('closed'));
  expect(await one.ask()).toBe(200);
  expect(heard).toEqual([
    { key: 'kgot', from: 'closed', to: 'isolated', by: 'key:admin' },
    { key: 'kgot', from: 'isolated', to: 'closed', by: 'key:other' },
  ]);
});

test('a reset closes what replicas have opened by themselves', async () => {
  const { broken, well } = await forced();
  await well.breaker.reset('kgot');
  await eventually(() => {
    for (const each of [...broken, well]) expect(each.state()).toBe('closed');
  });
});

test('a replica that starts later finds what was isolated', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const one = await replica(redis, upstream.url);
  await one.breaker.isolate('kgot', 'key:admin');
  const late = await replica(redis, upstream.url);
  await eventually(() => expect(late.breaker.list()).toMatchObject([{ isolatedBy: 'key:admin' }]));
  await late.breaker.reset('kgot');
  const later = await replica(redis, upstream.url);
  await later.ask();
  await eventually(() => expect(later.alive()).toBe(3));
  expect(later.state()).toBe('closed');
});

test('an operator’s word holds here at once while Redis is away, and is told when it is back', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const [one, two] = [await replica(redis, upstream.url), await replica(redis, upstream.url)];
  await redis.kill();
  expect(await one.breaker.isolate('kgot')).toBe(false);
  expect(one.state()).toBe('isolated');
  expect(await two.ask()).toBe(200);
  await redis.up();
  await eventually(() => expect(two.state()).toBe('isolated'));
});

test('what was isolated stays so where Redis has lost its memory', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const one = await replica(redis, upstream.url);
  await one.breaker.isolate('kgot');
  const client = redis.client();
  await client.flushall();
  await eventually(async () => expect(await client.hexists('gw:{breakers}:operated', 'kgot')).toBe(1));
  expect(one.state()).toBe('isolated');
});

test('what a newer version has written about a breaker is left alone, and can be reset', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  const client = redis.client();
  const newer = '{"v":2,"action":"isolate","key":"kgot","until":"tomorrow"}';
  await client.hset('gw:{breakers}:operated', 'kgot', newer);
  const one = await replica(redis, upstream.url);
  await one.ask();
  await eventually(() => expect(one.alive()).toBe(1));
  expect(one.state()).toBe('closed');
  expect(await client.hget('gw:{breakers}:operated', 'kgot')).toBe(newer);
  await client.publish('gw:{breakers}:changes', newer);
  await client.publish('gw:{breakers}:changes', 'nonsense');
  await one.breaker.reset('kgot');
  expect(JSON.parse((await client.hget('gw:{breakers}:operated', 'kgot')) ?? '')).toMatchObject({
    v: 1,
    action: 'reset',
  });
});

test('keys in Redis that are of another kind leave each replica to itself', async () => {
  const redis = await RedisServer.start();
  const upstream = await upstreamOf();
  await redis.client().set('gw:{breakers}:views', 'not a hash');
  const one = await replica(redis, upstream.url);
  await eventually(() => expect(one.modes[0]).toBe('local'));
  expect(await one.ask()).toBe(200);
});
