import { expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { RedisServer } from '../redis-server.js';
import { DAY_MS, fieldReads, replica } from './keys-support.js';

/** A replica on a Redis of its own, and how often it has looked for something there since it was asked last. */
async function counted(apiKeys = {}) {
  const server = await RedisServer.start();
  const asker = server.client();
  const one = await replica(server.client(), { apiKeys: { cacheTtlMs: DAY_MS, ...apiKeys } });
  await one.listening;
  let before = 0;
  const reads = async (): Promise<number> => {
    const now = await fieldReads(asker);
    const since = now - before;
    before = now;
    return since;
  };
  const make = async (): Promise<string> => {
    const news = one.nextChange();
    const { key } = await one.apiKeys.create();
    await news;
    return key;
  };
  return { server, one, reads, make, asker };
}

/** A key that there is takes two: one for its id, one for its record. */
const ONE_LOOK_UP = 2;

test('fifty first requests at once with one key make one look-up', async () => {
  const { one, reads, make } = await counted();
  const key = await make();
  await reads();
  const statuses = await Promise.all(Array.from({ length: 50 }, () => one.use(key)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await reads()).toBe(ONE_LOOK_UP);
});

test('a key that is known makes no command', async () => {
  const { one, make, asker } = await counted();
  const key = await make();
  await one.use(key);
  await asker.config('RESETSTAT');
  for (let times = 0; times < 20; times += 1) expect(await one.use(key)).toBe(200);
  const statistics = await asker.info('commandstats');
  const commands = [...statistics.matchAll(/cmdstat_([\w|]+):/g)].map(([, command]) => command);
  // Uses are written in batches, now and then.
  expect(commands.filter((command) => command !== 'hset')).toEqual(['config|resetstat']);
});

test('a guess reaches Redis once, and what is no key at all never', async () => {
  const { one, reads } = await counted();
  const guesses = Array.from({ length: 30 }, generateApiKey);
  await reads();
  await Promise.all(guesses.map(async (guess) => expect(await one.use(guess)).toBe(401)));
  expect(await reads()).toBe(guesses.length);
  await Promise.all(guesses.map(async (guess) => expect(await one.use(guess)).toBe(401)));
  for (const nonsense of ['gw_', 'gw_x', 'x'.repeat(52)]) expect(await one.use(nonsense)).toBe(401);
  expect(await reads()).toBe(0);
});

test('a locked-out address reaches Redis no more, whatever it guesses', async () => {
  const server = await RedisServer.start();
  const asker = server.client();
  const one = await replica(server.client(), { authenticate: { lockout: { failures: 5 } } });
  for (let times = 0; times < 5; times += 1) expect(await one.use(generateApiKey())).toBe(401);
  const before = await fieldReads(asker);
  for (let times = 0; times < 20; times += 1) expect(await one.use(generateApiKey())).toBe(429);
  expect(await fieldReads(asker)).toBe(before);
});

test('no more than `cacheSize` keys are remembered, and those that were used last', async () => {
  const { one, reads, make } = await counted({ cacheSize: 2 });
  const [first, second, third] = [await make(), await make(), await make()];
  for (const key of [first, second, first, third]) expect(await one.use(key)).toBe(200);
  await reads();
  expect([await one.use(first), await reads()]).toEqual([200, 0]);
  expect([await one.use(second), await reads()]).toEqual([200, ONE_LOOK_UP]);
});

test('no more than `cacheSize` guesses are remembered, and they displace no key', async () => {
  const { one, reads, make } = await counted({ cacheSize: 2 });
  const key = await make();
  await one.use(key);
  const guesses = Array.from({ length: 10 }, generateApiKey);
  for (const guess of guesses) await one.use(guess);
  await reads();
  expect([await one.use(key), await reads()]).toEqual([200, 0]);
  expect([await one.use(guesses[9] as string), await reads()]).toEqual([401, 0]);
  expect([await one.use(guesses[0] as string), await reads()]).toEqual([401, 1]);
});

test('a key that was guessed before it was made is known once it is made', async () => {
  const { server, one } = await counted();
  const other = await replica(server.client());
  const wrong = generateApiKey();
  expect(await one.use(wrong)).toBe(401);
  const news = one.nextChange();
  const { key } = await other.apiKeys.create();
  await news;
  expect([await one.use(key), await one.use(wrong)]).toEqual([200, 401]);
});
