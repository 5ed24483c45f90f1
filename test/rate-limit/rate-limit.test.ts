import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { defaultTiers, type Identity, type Middleware } from 'gatewright';
import { type QuotaStore, type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { mounts, send, serve } from '../helpers.js';

const done: RequestListener = (_req, res) => {
  res.end('ok');
};

/** Pretends that `authenticate()` has run: the limiter knows nothing of it but the identity. */
function identified(identity: Partial<Identity>): Middleware {
  return (req, _res, next) => {
    if (req.gateway) {
      req.gateway.identity = {
        id: 'a',
        method: 'api-key',
        tier: 'free',
        permissions: [],
        metadata: {},
        ...identity,
      };
    }
    next();
  };
}

async function limited(
  options: RateLimitOptions,
  last = done,
  before: Middleware = (_req, _res, next) => next(),
) {
  const contextOnly = rateLimit({ skip: () => true });
  const limit = rateLimit(options);
  return serve((req, res) =>
    contextOnly(req, res, () => before(req, res, () => limit(req, res, () => last(req, res)))),
  );
}

describe.each(mounts)('rateLimit alone in %s', (_name, mount) => {
  test('limits an address as the free tier', async () => {
    const { url } = await serve(mount(rateLimit(), done));
    for (let count = 0; count < 10; count += 1) expect((await send(url, '/')).body).toBe('ok');
    const refused = await send(url, '/');
    expect([refused.status, JSON.parse(refused.body).limit_type]).toEqual([429, 'per_minute']);
    expect(refused.headers['ratelimit-policy']).toBe(
      '"burst";q=20;w=1, "per_minute";q=10;w=60, "per_hour";q=100;w=3600, "per_day";q=1000;w=86400, ' +
        '"cost_per_hour";q=1000000;w=3600;qu="micro-dollars", "concurrent";q=2;qu="concurrent-requests"',
    );
  });
});

/** A method that no test calls. */
const fail = (): never => {
  throw new Error('not expected');
};

describe('rateLimit', () => {
  test.each([
    ['burst', { burstLimit: 1 }],
    ['per_minute', { requestsPerMinute: 1 }],
    ['per_hour', { requestsPerHour: 1 }],
    ['per_day', { requestsPerDay: 1 }],
    ['cost_per_hour', { costLimitPerHour: 0.5 }],
  ])('refuses by %s', async (dimension, free) => {
    const { url } = await limited({ tiers: { free }, burstWindowMs: 60_000, cost: 0.5 });
    expect((await send(url, '/')).status).toBe(200);
    const refused = await send(url, '/');
    expect([refused.status, JSON.parse(refused.body).limit_type]).toEqual([429, dimension]);
  });

  test.each(Object.keys(defaultTiers))('has the tier %s', async (tier) => {
    const { url } = await limited({}, done, identified({ tier }));
    const policy = (await send(url, '/')).headers['ratelimit-policy'] ?? '';
    const quota = defaultTiers[tier]?.requestsPerMinute;
    if (quota === undefined) expect(policy).toBe('');
    else expect(policy).toContain(`"per_minute";q=${quota};w=60`);
  });

  test('treats an unknown tier as free', async () => {
    const { url } = await limited({}, done, identified({ tier: 'toString' }));
    expect((await send(url, '/')).headers['ratelimit-policy']).toContain('"per_minute";q=10;w=60');
  });

  test('a limit of an identity that is undefined leaves that of its tier', async () => {
    const own = identified({ limits: { requestsPerMinute: 1, requestsPerDay: undefined } });
    const { url } = await limited({ tiers: { free: { requestsPerDay: 7 } } }, done, own);
    const { headers } = await send(url, '/');
    expect(headers['ratelimit-policy']).toBe('"per_minute";q=1;w=60, "per_day";q=7;w=86400');
  });

  test("merges an identity's own limits over its tier's", async () => {
    const { url } = await limited({}, done, identified({ limits: { requestsPerMinute: 1 } }));
    expect((await send(url, '/')).headers['ratelimit-policy']).toContain(
      '"per_minute";q=1;w=60, "per_hour";q=100',
    );
    expect((await send(url, '/')).status).toBe(429);
  });

  test('frees the slot of a client that leaves, and of a handler that fails', async () => {
    const held: ServerResponse[] = [];
    const { url, server } = await limited({ tiers: { free: { concurrentRequests: 1 } } }, (_req, res) =>
      held.push(res),
    );
    const leaving = new AbortController();
    const first = fetch(url, { signal: leaving.signal }).catch(() => 'left');
    await once(server, 'request');
    expect((await send(url, '/')).status).toBe(429);
    const gone = once(held[0] as ServerResponse, 'close');
    leaving.abort();
    await Promise.all([first, gone]);
    const second = send(url, '/').catch(() => 'cut');
    await once(server, 'request');
    held[1]?.destroy();
    expect(await second).toBe('cut');
    const third = send(url, '/');
    await once(server, 'request');
    held[2]?.end('ok');
    expect((await third).body).toBe('ok');
  });

  test('charges nothing for 502 and 503 that no upstream has answered', async () => {
    let status = 503;
    const { url } = await limited({ tiers: { free: { costLimitPerHour: 1 } }, cost: 1 }, (_req, res) =>
      res.writeHead(status).end(),
    );
    for (status of [503, 502, 500]) expect((await send(url, '/')).status).toBe(status);
    expect((await send(url, '/')).status).toBe(429);
  });

  test('takes key, points, cost and skip from functions of the request', async () => {
    const { url } = await limited({
      tiers: { free: { requestsPerMinute: 5, costLimitPerHour: 2 } },
      key: (req) => String(req.headers['x-tenant']),
      points: (req) => Number(req.headers['x-points'] ?? 1),
      cost: (req) => Number(req.headers['x-cost'] ?? 0),
      skip: (req) => req.url === '/free',
    });
    const ask = async (path: string, headers: Record<string, string>) =>
      (await send(url, path, { headers })).headers.ratelimit;
    expect(await ask('/', { 'x-tenant': 'a', 'x-points': '4' })).toMatch(/^"per_minute";r=1;/);
    expect(await ask('/', { 'x-tenant': 'b', 'x-cost': '1.75' })).toMatch(/^"cost_per_hour";r=250000;/);
    expect(await ask('/free', { 'x-tenant': 'a' })).toBeUndefined();
  });

  test.each<[string, RateLimitOptions]>([
    [
      'key throws',
      {
        key: () => {
          throw new Error('secret detail');
        },
      },
    ],
    ['cost is NaN', { cost: () => Number.NaN }],
    ['points are negative', { points: () => -1 }],
    [
      'the store rejects',
      {
        store: {
          reserve: async () => {
            throw new Error('secret detail');
          },
          settle: () => {},
          peek: fail,
        },
      },
    ],
  ])('answers 500 without detail where %s', async (_name, options) => {
    const { url } = await limited(options);
    const answer = await send(url, '/');
    expect([answer.status, answer.body]).toEqual([500, '{"error":"Internal server error"}']);
  });

  test('awaits a store that answers later, and settles what it gave', async () => {
    const settled: number[] = [];
    const store: QuotaStore = {
      reserve: async (_subject, _limits, _points, costMicros) => ({
        allowed: true,
        dimension: 'per_minute',
        limit: 10,
        remaining: 9,
        resetMs: 1500,
        windows: [],
        running: 1,
        lease: { costMicros },
      }),
      settle: (_lease, cost) => {
        settled.push(cost);
      },
      peek: fail,
    };
    const { url } = await limited({ store, cost: 0.25 });
    expect((await send(url, '/')).headers.ratelimit).toBe('"per_minute";r=9;t=2');
    expect(settled).toEqual([250_000]);
  });

  test('bounds the length of a subject', async () => {
    const subjects: string[] = [];
    const { url } = await limited({
      key: () => 'x'.repeat(65_536),
      store: {
        reserve: (subject) => {
          subjects.push(subject);
          return {
            allowed: true,
            dimension: undefined,
            limit: 0,
            remaining: 0,
            resetMs: 0,
            windows: [],
            running: 1,
            lease: undefined,
          };
        },
        settle: () => {},
        peek: fail,
      },
    });
    await send(url, '/');
    expect(subjects[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('sends the older fields where wanted', async () => {
    const { url } = await limited({ legacyHeaders: true });
    const { headers } = await send(url, '/');
    expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual(['10', '9']);
    expect(Number(headers['x-ratelimit-reset'])).toBe(60);
  });

  test('leaves its decision on the request', async () => {
    const { url } = await limited({ cost: 0.5 }, (req, res) =>
      res.end(JSON.stringify(req.gateway?.rateLimit)),
    );
    expect(JSON.parse((await send(url, '/')).body)).toMatchObject({
      allowed: true,
      subject: 'ip:127.0.0.1',
      tier: 'free',
      dimension: 'cost_per_hour',
      limit: 1,
      remaining: 0.5,
    });
  });

  test.each<[RateLimitOptions, string]>([
    [
      { tiers: { free: { requestsPerMinute: 0 } } },
      '`rateLimit.tiers.free.requestsPerMinute` must be greater than 0, got 0.',
    ],
    [
      { tiers: { free: { requestsPerMinute: Number.NaN } } },
      '`rateLimit.tiers.free.requestsPerMinute` must be a number, got NaN.',
    ],
    [
      { tiers: { free: { requestsPerMinute: 1.5 } } },
      '`rateLimit.tiers.free.requestsPerMinute` must be an integer, got 1.5.',
    ],
    [
      { tiers: { free: { costLimitPerHour: Infinity } } },
      '`rateLimit.tiers.free.costLimitPerHour` must be a number, got Infinity.',
    ],
    [{ points: 0 }, '`rateLimit.points` must be greater than 0, got 0.'],
    [{ cost: -1 }, '`rateLimit.cost` must be at least 0, got -1.'],
    [
      { store: {} as QuotaStore },
      '`rateLimit.store` must be an object with reserve(), settle(), peek(), got {}.',
    ],
  ])('refuses the options %j', (options, message) => {
    expect(() => rateLimit(options)).toThrow(message);
  });
});
