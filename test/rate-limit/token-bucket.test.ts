import { describe, expect, jest, test } from '@jest/globals';
import { cleanup, send } from '../helpers.js';
import { bothStores, limited } from '../redis-limited.js';
import { eventually } from '../redis-support.js';

/** In memory time is the process's. */
function movable() {
  let now = Math.ceil(performance.now());
  const time = jest.spyOn(performance, 'now').mockImplementation(() => now);
  cleanup(() => time.mockRestore());
  return (byMs: number): void => {
    now += byMs;
  };
}

describe.each(bothStores)('a token bucket, %s', (_name, options) => {
  test('serves a spike as large as it is, and says so', async () => {
    const { url } = await limited({
      ...(await options()),
      algorithm: 'token-bucket',
      tiers: { free: { requestsPerMinute: 1, burstLimit: 5 } },
    });
    const answers = [];
    for (let count = 0; count < 6; count += 1) answers.push(await send(url, '/'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = answers[5];
    expect(refused?.headers['ratelimit-policy']).toBe('"per_minute";q=1;w=60');
    expect(refused?.headers.ratelimit).toMatch(/^"per_minute";r=0;t=(59|60)$/);
    expect(JSON.parse(refused?.body ?? '').limit_type).toBe('per_minute');
    expect(refused?.headers['retry-after']).toMatch(/^(59|60)$/);
  });

  test('is as large as a minute without `burstLimit`, and keeps the other windows', async () => {
    const { url } = await limited({
      ...(await options()),
      algorithm: 'token-bucket',
      tiers: { free: { requestsPerMinute: 4, requestsPerDay: 2 } },
    });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await send(url, '/')).status);
    expect(statuses).toEqual([200, 200, 429]);
    const { headers, body } = await send(url, '/');
    expect(headers['ratelimit-policy']).toBe('"per_minute";q=4;w=60, "per_day";q=2;w=86400');
    expect(JSON.parse(body).limit_type).toBe('per_day');
  });

  test('is refilled', async () => {
    const free = { requestsPerMinute: 600, burstLimit: 2 };
    const { url } = await limited({ ...(await options()), algorithm: 'token-bucket', tiers: { free } });
    const ask = async () => (await send(url, '/')).status;
    await eventually(async () => expect(await ask()).toBe(429));
    await eventually(async () => expect(await ask()).toBe(200));
  });
});

test('a token bucket is refilled at its rate, to the brim and no further', async () => {
  const move = movable();
  const { url } = await limited({
    algorithm: 'token-bucket',
    tiers: { free: { requestsPerMinute: 60, burstLimit: 3 } },
  });
  const ask = async (times: number) => {
    const statuses = [];
    for (let count = 0; count < times; count += 1) statuses.push((await send(url, '/')).status);
    return statuses;
  };
  expect(await ask(4)).toEqual([200, 200, 200, 429]);
  move(1000);
  expect(await ask(2)).toEqual([200, 429]);
  move(2000);
  expect(await ask(3)).toEqual([200, 200, 429]);
  move(3_600_000);
  expect(await ask(4)).toEqual([200, 200, 200, 429]);
});
