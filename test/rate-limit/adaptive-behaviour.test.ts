import { expect, jest, test } from '@jest/globals';
import { type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { cleanup, send, serve } from '../helpers.js';

/** The monotonic clock, which stands still unless it is advanced. In whole milliseconds, whose sums are exact. */
function stoppedClock() {
  let now = Math.ceil(performance.now());
  const spy = jest.spyOn(performance, 'now').mockImplementation(() => now);
  cleanup(() => spy.mockRestore());
  return {
    advance(ms: number): void {
      now += ms;
    },
  };
}

const behaviour = { intervalMs: 1000, minIntervals: 3, historyIntervals: 10, minRequests: 5 };
const tiers = { free: { requestsPerMinute: 100, requestsPerHour: 1000, concurrentRequests: 5 } };

async function limited(options: RateLimitOptions = {}) {
  const clock = stoppedClock();
  const limit = rateLimit({ tiers, adaptive: { behaviour }, ...options });
  const { url } = await serve((req, res) =>
    limit(req, res, () => res.end(JSON.stringify(req.gateway?.rateLimit))),
  );
  /** Sends requests in an interval of its own; gives the last answer. */
  async function interval(requests: number) {
    let answer = await send(url, '/');
    for (let at = 1; at < requests; at += 1) answer = await send(url, '/');
    clock.advance(1000);
    return { ...answer, policy: answer.headers['ratelimit-policy'] };
  }
  return { limit, interval, clock };
}

const policy = (perMinute: number) =>
  `"per_minute";q=${perMinute};w=60, "per_hour";q=1000;w=3600, "concurrent";q=5;qu="concurrent-requests"`;

test('announces and enforces limits that are tightened, and relaxes them', async () => {
  const { interval, limit } = await limited();
  for (let at = 0; at < 4; at += 1) expect((await interval(3)).policy).toBe(policy(100));
  const tightened = await interval(15);
  expect([tightened.status, tightened.policy]).toEqual([200, policy(50)]);
  const refused = await interval(30);
  expect([refused.status, refused.policy]).toEqual([429, policy(25)]);
  expect(refused.headers['ratelimit']).toMatch(/^"per_minute";r=0;/);
  expect((await limit.explain('ip:127.0.0.1')).dimensions[0]).toMatchObject({ limit: 25, refuses: true });
  for (let at = 0; at < 3; at += 1) await interval(1);
  expect((await interval(1)).policy).toBe(policy(50));
  for (let at = 0; at < 2; at += 1) await interval(1);
  expect((await interval(1)).policy).toBe(policy(100));
});

test('refuses nothing in a dry run, and says what it would have done', async () => {
  const { interval } = await limited({ dryRun: true });
  for (let at = 0; at < 4; at += 1) await interval(3);
  const answer = await interval(60);
  expect([answer.status, answer.policy]).toEqual([200, policy(25)]);
  expect(JSON.parse(answer.body)).toMatchObject({ allowed: false, enforced: false, limit: 25 });
});

test('tightens nobody else', async () => {
  const { interval } = await limited({ key: (req) => String(req.headers.host) });
  const other = rateLimit({ tiers, adaptive: { behaviour } });
  for (let at = 0; at < 4; at += 1) await interval(3);
  await interval(60);
  expect((await other.explain('ip:127.0.0.1')).dimensions[0]).toMatchObject({ limit: 100 });
});
