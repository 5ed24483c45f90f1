import { describe, expect, test } from '@jest/globals';
import { RedisApiKeyStore } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { Cable } from '../redis-watched.js';
import { DAY_MS, durationClock, replica } from './keys-support.js';

/** What is remembered is trusted for longer than any test takes. */
const patient = { apiKeys: { cacheTtlMs: DAY_MS } };

async function twoReplicas() {
  const server = await RedisServer.start();
  const [one, other] = [await replica(server.client(), patient), await replica(server.client(), patient)];
  await Promise.all([one.listening, other.listening]);
  const created = other.nextChange();
  const { key, record } = await one.apiKeys.create();
  await created;
  expect(await other.use(key)).toBe(200);
  return { server, one, other, key, id: record.id };
}

describe('a key that is revoked on one replica', () => {
  test('is refused by another from the first request after the news', async () => {
    const { one, other, key, id } = await twoReplicas();
    const news = other.nextChange();
    await one.apiKeys.revoke(id);
    expect(await news).toBe(id);
    const answer = await other.request(key);
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([401, 'API key revoked']);
  });

  test('is refused at once by the replica that revoked it', async () => {
    const { one, key, id } = await twoReplicas();
    expect(await one.use(key)).toBe(200);
    await one.apiKeys.revoke(id);
    expect(await one.use(key)).toBe(401);
  });

  test('is refused for good, also where a look-up was on its way meanwhile', async () => {
    const { one, other, key, id } = await twoReplicas();
    const third = await replica(other.client, patient);
    await Promise.all([one.apiKeys.revoke(id), ...Array.from({ length: 20 }, () => third.use(key))]);
    await eventually(async () => expect(await third.use(key)).toBe(401));
    expect(await third.use(key)).toBe(401);
  });

  test('is refused within the time to live by a replica that hears no news', async () => {
    const clock = durationClock();
    const server = await RedisServer.start();
    const one = await replica(server.client());
    const deaf = new RedisApiKeyStore({ client: server.client() });
    Object.assign(deaf, { watch: undefined });
    const other = await replica(server.client(), { apiKeys: { redis: undefined, store: deaf } });
    const { key, record } = await one.apiKeys.create();
    expect(await other.use(key)).toBe(200);
    await one.apiKeys.revoke(record.id);
    clock.advance(15_000);
    expect(await other.use(key)).toBe(200);
    clock.advance(15_000);
    expect(await other.use(key)).toBe(401);
  });

  test('is refused once the connection that brings news is back', async () => {
    const server = await RedisServer.start();
    const cable = await Cable.to(server);
    const one = await replica(server.client());
    const other = await replica(server.client(), {
      ...patient,
      subscriber: () => server.client({ port: cable.port }),
    });
    await other.listening;
    const created = other.nextChange();
    const { key, record } = await one.apiKeys.create();
    await created;
    expect(await other.use(key)).toBe(200);
    cable.cut();
    await one.apiKeys.revoke(record.id);
    expect(await other.use(key)).toBe(200);
    cable.mend();
    await eventually(async () => expect(await other.use(key)).toBe(401));
  });

  test('is refused soon where Redis has cut off whoever listens', async () => {
    const { server, one, other, key, id } = await twoReplicas();
    await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await one.apiKeys.revoke(id);
    await eventually(async () => expect(await other.use(key)).toBe(401));
  });
});

describe('news of changes reaches', () => {
  test.each([
    ['whose client gives up early', { maxRetriesPerRequest: 1 }],
    ['whose client does not queue', { enableOfflineQueue: false }],
    ['whose client waits for its first command', { lazyConnect: true, maxRetriesPerRequest: 1 }],
  ])('a replica that was there before Redis, %s', async (_how, options) => {
    const server = await RedisServer.start();
    await server.kill();
    const other = await replica(server.client(options), patient);
    await eventually(async () => expect(await other.use(generateApiKey())).toBe(503));
    await server.up();
    const one = await replica(server.client());
    await Promise.all([one.listening, other.listening]);
    const { key, record } = await one.apiKeys.create();
    await eventually(async () => expect(await other.use(key)).toBe(200));
    await one.apiKeys.revoke(record.id);
    await eventually(async () => expect(await other.use(key)).toBe(401));
  });

  test('every change: a tier, limits, a rotation', async () => {
    const { one, other, key, id } = await twoReplicas();
    const tierOf = async () => JSON.parse((await other.request(key)).body).tier;
    expect(await tierOf()).toBe('free');
    const updated = other.nextChange();
    await one.apiKeys.update(id, { tier: 'premium' });
    await updated;
    expect(await tierOf()).toBe('premium');
    const rotated = other.nextChange();
    const next = await one.apiKeys.rotate(id, { graceSeconds: 0 });
    await rotated;
    expect(await other.use(key)).toBe(401);
    expect(await other.use(next?.key ?? '')).toBe(200);
  });
});
