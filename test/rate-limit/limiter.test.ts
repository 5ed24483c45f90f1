import { describe, expect, test } from '@jest/globals';
import { type LimiterLike, rateLimit } from 'gatewright/rate-limit';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { send } from '../helpers.js';
import { limited } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';

const shape = { points: 3, duration: 60 };

const makers: readonly (readonly [string, () => Promise<LimiterLike>])[] = [
  ['RateLimiterMemory', async () => new RateLimiterMemory(shape)],
  [
    'RateLimiterRedis',
    async () => new RateLimiterRedis({ ...shape, storeClient: (await RedisServer.start()).client() }),
  ],
];

describe.each(makers)('a limiter of rate-limiter-flexible, %s', (_name, make) => {
  test('decides by its own points and duration', async () => {
    const { url } = await limited({ limiter: await make(), tiers: { free: { requestsPerMinute: 1 } } });
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await send(url, '/'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(answers[0]?.headers['ratelimit-policy']).toBe('"per_minute";q=3;w=60');
    expect(answers.map(({ headers }) => String(headers.ratelimit).replace(/t=\d+/, 't'))).toEqual([
      '"per_minute";r=2;t',
      '"per_minute";r=1;t',
      '"per_minute";r=0;t',
      '"per_minute";r=0;t',
      '"per_minute";r=0;t',
    ]);
    const refused = answers[3];
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({ limit_type: 'per_minute' });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  test('is what `explain()` tells of', async () => {
    const { url, limit } = await limited({ limiter: await make() });
    await send(url, '/');
    expect(await limit.explain('ip:127.0.0.1')).toEqual({
      subject: 'ip:127.0.0.1',
      allowed: true,
      dimensions: [{ dimension: 'per_minute', limit: 3, used: 1, remaining: 2, refuses: false }],
    });
  });

  test('weighs requests, and keeps subjects apart', async () => {
    const { url } = await limited({
      limiter: await make(),
      key: (req) => String(req.headers['x-tenant']),
      points: (req) => Number(req.headers['x-points'] ?? 1),
    });
    const ask = async (tenant: string, points = '1') =>
      (await send(url, '/', { headers: { 'x-tenant': tenant, 'x-points': points } })).status;
    expect(await ask('a', '3')).toBe(200);
    expect(await ask('a')).toBe(429);
    expect([await ask('b'), await ask('b'), await ask('b', '2')]).toEqual([200, 200, 429]);
  });
});

describe('a limiter that rejects', () => {
  test('with an error is answered with 500, without detail', async () => {
    const limiter = { consume: () => Promise.reject(new Error('secret')), get: () => Promise.resolve(null) };
    const { url } = await limited({ limiter: limiter as unknown as LimiterLike });
    const { status, body } = await send(url, '/');
    expect([status, body]).toEqual([500, '{"error":"Internal server error"}']);
  });

  test('because its Redis is away does not hang where it has an insurance', async () => {
    const server = await RedisServer.start();
    const redis = server.client({ enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    const insuranceLimiter = new RateLimiterMemory({ points: 2, duration: 60 });
    const { url } = await limited({
      limiter: new RateLimiterRedis({ ...shape, storeClient: redis, insuranceLimiter }),
    });
    expect((await send(url, '/')).status).toBe(200);
    await server.kill();
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await send(url, '/')).status);
    expect([200, 429]).toEqual(expect.arrayContaining(statuses));
    expect(statuses.at(-1)).toBe(429);
  });
});

test('a limiter of another shape works too', async () => {
  const limiter = new BurstyRateLimiter(
    new RateLimiterMemory({ points: 1, duration: 60 }),
    new RateLimiterMemory({ points: 2, duration: 60, keyPrefix: 'burst' }),
  );
  const { url } = await limited({ limiter: limiter as unknown as LimiterLike });
  const statuses = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await send(url, '/')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  // It does not say how long its window is.
  expect((await send(url, '/')).headers['ratelimit-policy']).toBeUndefined();
});

test('only one of `redis`, `store` and `limiter` may be given', async () => {
  const redis = (await RedisServer.start()).client();
  expect(() => rateLimit({ redis, limiter: new RateLimiterMemory(shape) })).toThrow(
    '`rateLimit` must have one of `redis`, `store` and `limiter`, not several',
  );
});
