import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultTiers, type TierLimits } from 'gatewright';
import type { RateLimitOptions } from 'gatewright/rate-limit';
import { parseList } from 'structured-headers';
import { send } from '../helpers.js';
import { bothStores, limitedAs } from '../redis-limited.js';

const dimensions = ['burst', 'per_minute', 'per_hour', 'per_day', 'cost_per_hour', 'concurrent'];

/** A list of strings with parameters (RFC 9651), by name. */
function parsed(field: unknown): Map<string, Map<string, unknown>> {
  const items = parseList(String(field));
  for (const [name] of items) expect(typeof name).toBe('string');
  const byName = new Map(
    items.map(([name, parameters]) => [String(name), parameters as Map<string, unknown>]),
  );
  expect(byName.size).toBe(items.length);
  return byName;
}

/** What draft-ietf-httpapi-ratelimit-headers-11 asks of both fields. */
function expectValid(status: number, headers: IncomingHttpHeaders): void {
  const policies = parsed(headers['ratelimit-policy']);
  const limits = parsed(headers['ratelimit']);
  for (const [name, parameters] of policies) {
    expect(dimensions).toContain(name);
    expect(Object.fromEntries(parameters)).toEqual({
      q: expect.any(Number),
      ...(name !== 'concurrent' && { w: expect.any(Number) }),
      ...(name === 'concurrent' && { qu: 'concurrent-requests' }),
      ...(name === 'cost_per_hour' && { qu: 'micro-dollars' }),
    });
    for (const value of parameters.values()) {
      if (typeof value === 'number') expect([value > 0, Number.isInteger(value)]).toEqual([true, true]);
    }
  }
  expect(limits.size).toBe(1);
  for (const [name, parameters] of limits) {
    const { r, t } = Object.fromEntries(parameters) as { r: number; t: number };
    expect([...parameters.keys()]).toEqual(['r', 't']);
    expect(r).toBeGreaterThanOrEqual(0);
    expect(r).toBeLessThanOrEqual(Number(policies.get(name)?.get('q')));
    expect(Number.isInteger(t)).toBe(true);
    expect(t).toBeGreaterThan(0);
    if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(t);
    else expect(headers['retry-after']).toBeUndefined();
  }
}

async function fieldsOf(options: RateLimitOptions, tier: string) {
  const { url } = await limitedAs({ tier }, options);
  return { url, ask: () => send(url, '/') };
}

describe.each(bothStores)('RateLimit and RateLimit-Policy, %s', (_name, options) => {
  test.each(Object.keys(defaultTiers).filter((tier) => tier !== 'system'))(
    'can be parsed for the tier %s, allowed and refused',
    async (tier) => {
      const points = Math.ceil(Number(defaultTiers[tier]?.requestsPerMinute) / 2);
      const { ask } = await fieldsOf({ ...(await options()), points, burstWindowMs: 3_600_000 }, tier);
      for (const expected of [200, 200, 429, 429]) {
        const { status, headers } = await ask();
        expect(status).toBe(expected);
        expectValid(status, headers);
        expect([...parsed(headers['ratelimit-policy']).keys()]).toEqual(dimensions);
      }
    },
  );

  test('carry no integer of more than the fifteen digits that a structured field may have', async () => {
    const free = { costLimitPerHour: 1e9 };
    const { url } = await limitedAs({ tier: 'free' }, { ...(await options()), tiers: { free } });
    const { status, headers } = await send(url, '/');
    expectValid(status, headers);
    expect(String(headers['ratelimit-policy'])).toContain('"cost_per_hour";q=999999999999999;');
  });

  test('are not there for who is not limited', async () => {
    const { headers } = await (await fieldsOf(await options(), 'system')).ask();
    expect([headers.ratelimit, headers['ratelimit-policy']]).toEqual([undefined, undefined]);
  });
});

const count = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(1_000_000_000_000));
const tierLimits: fc.Arbitrary<TierLimits> = fc.record(
  {
    requestsPerMinute: count,
    requestsPerHour: count,
    requestsPerDay: count,
    burstLimit: count,
    costLimitPerHour: fc.constantFrom(0.000001, 0.1, 1, 123_456.789012, 900_000_000),
    concurrentRequests: count,
  },
  { requiredKeys: [] },
);

test('both fields can be parsed whatever the limits are', async () => {
  const property = fc.asyncProperty(
    tierLimits.filter((limits) => Object.keys(limits).length > 0),
    fc.constantFrom('sliding-window' as const, 'token-bucket' as const),
    fc.constantFrom(1, 1.5, 7),
    fc.constantFrom(0, 0.05),
    async (limits, algorithm, points, cost) => {
      const { ask } = await fieldsOf({ tiers: { free: limits }, algorithm, points, cost }, 'free');
      for (let count = 0; count < 3; count += 1) {
        const { status, headers } = await ask();
        if (algorithm === 'sliding-window' || limits.burstLimit === undefined) expectValid(status, headers);
        else expect(() => [parsed(headers.ratelimit), parsed(headers['ratelimit-policy'])]).not.toThrow();
      }
    },
  );
  await fc.assert(property, { numRuns: process.env['SOAK'] ? 300 : 15 });
}, 60_000);
