import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { RateLimitOptions } from 'gatewright/rate-limit';
import { send } from '../helpers.js';
import { bothStores, limited } from '../redis-limited.js';
import { eventually } from '../redis-support.js';

const SUBJECT = 'ip:127.0.0.1';
const tiers = { free: { costLimitPerHour: 10, concurrentRequests: 5 } };

async function costing(options: RateLimitOptions, last?: RequestListener) {
  const server = await limited({ tiers, cost: 2, ...options }, last);
  const standing = async () => {
    const { dimensions } = await server.limit.explain(SUBJECT);
    return dimensions.map(({ used }) => used);
  };
  const expectStanding = (spent: number, running: number) =>
    eventually(async () => expect(await standing()).toEqual([spent, running]));
  return { ...server, expectStanding };
}

describe.each(bothStores)('the cost of a request, %s', (_name, options) => {
  test.each([
    ['keep', 2],
    ['refund', 0],
    [undefined, 2],
  ] as const)('whose client leaves is settled by `onAbort: %s`', async (onAbort, spent) => {
    const held: ServerResponse[] = [];
    const { url, expectStanding } = await costing({ ...(await options()), onAbort }, (_req, res) =>
      held.push(res),
    );
    const leaving = new AbortController();
    const gone = fetch(url, { signal: leaving.signal }).catch(() => 'left');
    await eventually(() => expect(held.length).toBe(1));
    await expectStanding(2, 1);
    const closed = once(held[0] as ServerResponse, 'close');
    leaving.abort();
    await Promise.all([gone, closed]);
    await expectStanding(spent, 0);
  });

  test('that breaks is kept, whatever `onAbort` says', async () => {
    const { url, expectStanding } = await costing({ ...(await options()), onAbort: 'refund' }, (req, res) => {
      res.write('half');
      req.gateway?.outcome.fail(new Error('broke'));
      res.destroy();
    });
    await expect(send(url, '/')).rejects.toThrow();
    await expectStanding(2, 0);
  });

  test.each([
    ['less', 0.5],
    ['more', 7.25],
    ['nothing', 0],
  ])('is what a meter says, %s than was estimated', async (_what, actual) => {
    const { url, expectStanding } = await costing(await options(), (req, res) => {
      if (req.gateway?.cost) req.gateway.cost.actual = actual;
      res.end('ok');
    });
    await send(url, '/');
    await expectStanding(actual, 0);
  });

  test.each([
    [Number.NaN, 2],
    [Infinity, 2],
    [-5, 0],
  ])('of which a meter says %s is bounded, and what is left of it on the request', async (actual, spent) => {
    const seen: unknown[] = [];
    const { url, expectStanding } = await costing(await options(), (req, res) => {
      const context = req.gateway;
      if (context?.cost) context.cost.actual = actual;
      res.once('close', () => seen.push(context?.cost));
      res.end('ok');
    });
    await send(url, '/');
    await expectStanding(spent, 0);
    expect(seen).toEqual([{ estimated: 2, actual: spent }]);
  });

  test.each([
    [502, 0],
    [503, 0],
    [500, 2],
    [504, 2],
    [404, 2],
  ])('answered with %i, without an upstream, is %i dollars', async (status, spent) => {
    const { url, expectStanding } = await costing(await options(), (_req, res) =>
      res.writeHead(status).end(),
    );
    await send(url, '/');
    await expectStanding(spent, 0);
  });

  test('that went over the limit is refused until it is paid off', async () => {
    const { url, limit } = await costing(await options(), (req, res) => {
      if (req.gateway?.cost) req.gateway.cost.actual = 25;
      res.end('ok');
    });
    expect((await send(url, '/')).status).toBe(200);
    await eventually(async () => expect((await limit.explain(SUBJECT)).allowed).toBe(false));
    const { status, headers, body } = await send(url, '/');
    expect([status, JSON.parse(body).limit_type]).toEqual([429, 'cost_per_hour']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(3600);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(7200);
  });
});
