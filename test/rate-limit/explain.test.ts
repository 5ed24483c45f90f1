import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { bothStores, limited } from '../redis-limited.js';
import { eventually } from '../redis-support.js';

const SUBJECT = 'ip:127.0.0.1';

describe.each(bothStores)('explain(), %s', (_name, options) => {
  test('says what is used, what is left, and what would refuse', async () => {
    const held: ServerResponse[] = [];
    const free = {
      burstLimit: 10,
      requestsPerMinute: 3,
      requestsPerHour: 8,
      requestsPerDay: 9,
      costLimitPerHour: 2,
      concurrentRequests: 1,
    };
    const { url, limit } = await limited(
      { ...(await options()), tiers: { free }, cost: 0.75, burstWindowMs: 3_600_000 },
      (req, res) => (req.url === '/hold' ? held.push(res) : res.end('ok')),
    );
    await send(url, '/');
    await eventually(async () => expect((await limit.explain(SUBJECT)).allowed).toBe(true));
    const holding = send(url, '/hold');
    await eventually(() => expect(held.length).toBe(1));
    expect(await limit.explain(SUBJECT)).toEqual({
      subject: SUBJECT,
      allowed: false,
      dimensions: [
        { dimension: 'burst', limit: 10, used: 2, remaining: 8, refuses: false },
        { dimension: 'per_minute', limit: 3, used: 2, remaining: 1, refuses: false },
        { dimension: 'per_hour', limit: 8, used: 2, remaining: 6, refuses: false },
        { dimension: 'per_day', limit: 9, used: 2, remaining: 7, refuses: false },
        { dimension: 'cost_per_hour', limit: 2, used: 1.5, remaining: 0.5, refuses: false },
        { dimension: 'concurrent', limit: 1, used: 1, remaining: 0, refuses: true },
      ],
    });
    held[0]?.end('ok');
    await holding;
    await eventually(async () => expect((await limit.explain(SUBJECT)).allowed).toBe(true));
  });

  test('names the window that refuses', async () => {
    const { url, limit } = await limited({
      ...(await options()),
      tiers: { free: { requestsPerMinute: 1, requestsPerDay: 5 } },
    });
    await send(url, '/');
    await eventually(async () => {
      const { dimensions } = await limit.explain(SUBJECT);
      expect(dimensions.map(({ dimension, refuses }) => [dimension, refuses])).toEqual([
        ['per_minute', true],
        ['per_day', false],
      ]);
    });
  });

  test('knows a subject that has never asked, by its tier and its own limits', async () => {
    const { limit } = await limited(await options());
    const unknown = await limit.explain('key:unknown', { tier: 'basic', limits: { requestsPerMinute: 7 } });
    expect(unknown.allowed).toBe(true);
    expect(unknown.dimensions.map(({ dimension, limit: most, used }) => [dimension, most, used])).toEqual([
      ['burst', 100, 0],
      ['per_minute', 7, 0],
      ['per_hour', 1000, 0],
      ['per_day', 10_000, 0],
      ['cost_per_hour', 10, 0],
      ['concurrent', 5, 0],
    ]);
    expect(await limit.explain('key:admin', { tier: 'system' })).toEqual({
      subject: 'key:admin',
      allowed: true,
      dimensions: [],
    });
  });

  test('consumes nothing', async () => {
    const { url, limit } = await limited({ ...(await options()), tiers: { free: { requestsPerDay: 1 } } });
    for (let count = 0; count < 5; count += 1) expect((await limit.explain(SUBJECT)).allowed).toBe(true);
    expect((await send(url, '/')).status).toBe(200);
  });
});
