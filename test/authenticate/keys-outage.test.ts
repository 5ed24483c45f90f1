import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { DAY_MS, durationClock, replica } from './keys-support.js';

/** Long enough for a busy machine on which Redis is well, and short enough to wait for. */
const storeTimeoutMs = 600;

const unavailable = {
  status: 503,
  body: '{"error":"Service temporarily unavailable","service":"authentication"}',
};

const outages: [string, (server: RedisServer) => unknown, (server: RedisServer) => unknown][] = [
  ['is gone', (server) => server.kill(), (server) => server.up()],
  ['hangs', (server) => server.signal('SIGSTOP'), (server) => server.signal('SIGCONT')],
];

/** A replica that knows a key, and another key that it does not know. */
async function knowing(apiKeys = {}) {
  const clock = durationClock();
  const server = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
  const one = await replica(server.client(), { apiKeys: { storeTimeoutMs, ...apiKeys } });
  await one.listening;
  const make = async () => {
    const news = one.nextChange();
    const made = await one.apiKeys.create();
    await news;
    return made;
  };
  const { key, record } = await make();
  const { key: unused } = await make();
  expect(await one.use(key)).toBe(200);
  return { clock, server, one, key, id: record.id, unused };
}

describe.each(outages)('while Redis %s', (_how, down, up) => {
  test('a key that is known goes on working, past its time to live too', async () => {
    const { clock, server, one, key } = await knowing();
    await down(server);
    expect(await one.use(key)).toBe(200);
    clock.advance(30_000);
    for (let times = 0; times < 10; times += 1) expect(await one.use(key)).toBe(200);
    clock.advance(240_000);
    expect(await one.use(key)).toBe(200);
  });

  test('a key that is known works no longer than `staleIfErrorMs`', async () => {
    const { clock, server, one, key } = await knowing({ staleIfErrorMs: 60_000 });
    await down(server);
    clock.advance(50_000);
    expect(await one.use(key)).toBe(200);
    clock.advance(10_000);
    expect(await one.request(key)).toMatchObject(unavailable);
  });

  test('a key that is not known is answered 503, whether it is good or not, and never let in', async () => {
    const { server, one, unused } = await knowing();
    await down(server);
    const keys = [unused, generateApiKey(), unused, generateApiKey(), unused];
    const answers = await Promise.all(keys.map((key) => one.request(key)));
    for (const answer of answers) {
      expect(answer).toMatchObject(unavailable);
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(await one.use('gw_mistyped')).toBe(401);
  });

  test('every request of a crowd is answered', async () => {
    const { clock, server, one, key, unused } = await knowing();
    await down(server);
    clock.advance(30_000);
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_each, at) => one.use(at % 2 ? key : unused)),
    );
    expect(new Set(statuses.filter((_each, at) => at % 2))).toEqual(new Set([200]));
    expect(new Set(statuses.filter((_each, at) => at % 2 === 0))).toEqual(new Set([503]));
  });

  test('nothing is remembered wrongly: all is as before when it is back', async () => {
    const { clock, server, one, key, unused } = await knowing();
    await down(server);
    clock.advance(30_000);
    const wrong = generateApiKey();
    expect(await Promise.all([one.use(key), one.use(unused), one.use(wrong)])).toEqual([200, 503, 503]);
    await up(server);
    await eventually(async () => expect(await one.use(unused)).toBe(200));
    expect([await one.use(key), await one.use(wrong)]).toEqual([200, 401]);
  });

  test('a revocation from before the outage holds, also of a key that goes on from memory', async () => {
    const { clock, server, one, key, id, unused } = await knowing();
    const news = one.nextChange();
    await one.apiKeys.revoke(id);
    await news;
    expect(await one.use(key)).toBe(401);
    await down(server);
    expect(await one.use(key)).toBe(401);
    clock.advance(30_000);
    expect(await one.use(key)).toBe(401);
    expect(await one.use(unused)).toBe(503);
  });

  test('it can be closed', async () => {
    const { server, one, key } = await knowing();
    await down(server);
    expect(await one.use(key)).toBe(200);
    await one.guard.close();
  });
});

test('a replica that is changed by another after an outage hears of it', async () => {
  const { server, one, key, id } = await knowing({ cacheTtlMs: DAY_MS });
  await server.kill();
  expect(await one.use(key)).toBe(200);
  await server.up();
  const other = await replica(server.client());
  await other.apiKeys.revoke(id);
  await eventually(async () => expect(await one.use(key)).toBe(401));
});
