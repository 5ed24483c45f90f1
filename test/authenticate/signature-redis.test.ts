import { describe, expect, jest, test } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import type { Redis } from 'ioredis';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually, keysWithExpiry } from '../redis-support.js';
import {
  deliver,
  guarded,
  RedisNonceStore,
  refusalOf,
  type Signed,
  secret,
  signed,
} from './signature-support.js';

const unavailable = [503, { error: 'Service temporarily unavailable', service: 'authentication' }];

/** A replica with a connection of its own, and all that its store says. */
async function replica(client: Redis, timeoutMs = 500) {
  const told: string[] = [];
  const events = new GatewayEvents();
  events.on('storeMode', ({ store, mode }) => told.push(`${store}: ${mode}`));
  const tell = (message: string) => void told.push(message);
  const nonces = new RedisNonceStore({
    client,
    timeoutMs,
    events,
    logger: { info: tell, warn: tell, error: tell },
  });
  cleanup(() => nonces.close());
  return { ...(await guarded({ nonces })), nonces, told };
}

/** For all replicas, whatever their ports are. */
function signedForAll(): Signed {
  const sent = signed('http://api.example.com');
  return { ...sent, headers: { ...sent.headers, Host: 'api.example.com' } };
}

async function statusOf(url: string) {
  const { status, body } = await deliver(url, signed(url));
  return [status, JSON.parse(body)];
}

describe('nonces in Redis', () => {
  test('are one for all replicas', async () => {
    const redis = await RedisServer.start();
    const one = await replica(redis.client());
    const other = await replica(redis.client());
    const sent = signedForAll();
    expect(await deliver(one.url, sent)).toMatchObject({ status: 200 });
    expect(refusalOf(await deliver(other.url, sent))).toEqual([401, 'Signature already used']);
    expect(refusalOf(await deliver(one.url, sent))).toEqual([401, 'Signature already used']);
  });

  test('count once, sent to all replicas at once', async () => {
    const redis = await RedisServer.start();
    const replicas = await Promise.all(Array.from({ length: 4 }, () => replica(redis.client())));
    const sent = signedForAll();
    const urls = Array.from({ length: 5 }, () => replicas.map(({ url }) => url)).flat();
    const answers = await Promise.all(urls.map((url) => deliver(url, sent)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('are there for as long as they are needed, as hashes', async () => {
    const redis = await RedisServer.start();
    const looking = redis.client();
    const { url } = await replica(redis.client());
    const sent = signed(url, '/', { nonce: 'a-nonce' });
    await deliver(url, sent);
    const [[key = '', expiry = 0] = []] = Object.entries(await keysWithExpiry(looking));
    expect(key).toMatch(/^gw:nonce:[\w-]{43}$/);
    expect(expiry).toBeGreaterThan(590_000);
    expect(expiry).toBeLessThanOrEqual(600_000);
    const held = key + (await looking.get(key));
    for (const told of ['a-nonce', 'alice', secret]) expect(held).not.toContain(told);
  });

  test('have the prefix that was chosen', async () => {
    const redis = await RedisServer.start();
    const store = new RedisNonceStore({ client: redis.client(), keyPrefix: 'mine:' });
    expect([await store.remember('a', 1000), await store.remember('a', 1000)]).toEqual([true, false]);
    expect(await redis.client().keys('*')).toEqual(['mine:nonce:a']);
  });
});

describe('while Redis is away, a signed request is refused with 503', () => {
  test('when it is killed, and accepted when it is back', async () => {
    const redis = await RedisServer.start();
    const { url, told, nonces } = await replica(redis.client());
    expect(await deliver(url, signed(url))).toMatchObject({ status: 200 });
    await redis.kill();
    for (let time = 0; time < 5; time += 1) expect(await statusOf(url)).toEqual(unavailable);
    expect([nonces.available, told]).toEqual([
      false,
      ['Redis is unavailable: signed requests are refused', 'nonces: closed'],
    ]);
    await redis.up();
    await eventually(() => expect(nonces.available).toBe(true));
    expect(await deliver(url, signed(url))).toMatchObject({ status: 200 });
    expect(told.slice(2)).toEqual(['Redis is back: signed requests are accepted again', 'nonces: shared']);
  });

  test('when it hangs, in a time that is bounded, and at once when it is given up', async () => {
    const redis = await RedisServer.start();
    const client = redis.client();
    const { url, nonces } = await replica(client, 200);
    await deliver(url, signed(url));
    redis.signal('SIGSTOP');
    cleanup(() => redis.signal('SIGCONT'));
    const set = jest.spyOn(client, 'set');
    const asked = () => set.mock.calls.filter(([key]) => String(key).startsWith('gw:nonce:')).length;
    const sent = signed(url);
    for (let time = 0; time < 3; time += 1) expect(await statusOf(url)).toEqual(unavailable);
    expect([asked(), nonces.available]).toEqual([3, false]);
    expect((await deliver(url, sent)).status).toBe(503);
    expect(asked()).toBe(3); // It was not waited for.
    redis.signal('SIGCONT');
    await eventually(() => expect(nonces.available).toBe(true));
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
  });

  test.each([
    ['is full', ['CONFIG', 'SET', 'maxmemory', '1']],
    ['takes no writes', ['REPLICAOF', '127.0.0.1', '1']],
  ])('when it %s, though it answers', async (_name, [command = '', ...args]) => {
    const redis = await RedisServer.start();
    const { url, nonces } = await replica(redis.client());
    await redis.client().call(command, args);
    for (let time = 0; time < 4; time += 1) expect(await statusOf(url)).toEqual(unavailable);
    expect(nonces.available).toBe(false);
  });

  test('though a wrong signature is 401 as ever', async () => {
    const redis = await RedisServer.start();
    const { url } = await replica(redis.client());
    await redis.kill();
    const answer = await deliver(url, signed(url, '/', { secret: secret.toUpperCase() }));
    expect(refusalOf(answer)).toEqual([401, 'Invalid signature']);
  });
});
