import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { bothStores, limited } from '../redis-limited.js';

describe.each(bothStores)('a dry run, %s', (_name, options) => {
  test('decides, reports and counts, and refuses nothing', async () => {
    const { url, limit } = await limited(
      { ...(await options()), dryRun: true, tiers: { free: { requestsPerDay: 2 } } },
      (req, res) => res.end(JSON.stringify(req.gateway?.rateLimit)),
    );
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await send(url, '/'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const decisions = answers.map(({ body }) => JSON.parse(body));
    expect(decisions.map(({ allowed, enforced, remaining }) => [allowed, enforced, remaining])).toEqual([
      [true, false, 1],
      [true, false, 0],
      [false, false, 0],
      [false, false, 0],
    ]);
    expect(answers.map(({ headers }) => String(headers.ratelimit).replace(/;t=\d+/, ''))).toEqual([
      '"per_day";r=1',
      '"per_day";r=0',
      '"per_day";r=0',
      '"per_day";r=0',
    ]);
    expect(answers[3]?.headers['retry-after']).toBeUndefined();
    expect(await limit.explain('ip:127.0.0.1')).toMatchObject({ allowed: false, dimensions: [{ used: 2 }] });
  });

  test('leaves no slot behind', async () => {
    const { url, limit } = await limited({
      ...(await options()),
      dryRun: true,
      tiers: { free: { concurrentRequests: 1, requestsPerDay: 2 } },
    });
    await Promise.all(Array.from({ length: 5 }, () => send(url, '/')));
    const { dimensions } = await limit.explain('ip:127.0.0.1');
    expect(dimensions.at(-1)).toMatchObject({ dimension: 'concurrent' });
    expect((await send(url, '/')).status).toBe(200);
  });
});
