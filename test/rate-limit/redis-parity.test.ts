import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  MemoryQuotaStore,
  type QuotaDecision,
  type QuotaLease,
  type QuotaLimits,
  type QuotaStore,
  type QuotaWindow,
  RedisQuotaStore,
} from 'gatewright/rate-limit';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';

const soak = Boolean(process.env['SOAK']);
const GRACE_MS = 600_000;
const numRuns = soak ? 3000 : 150;

const windowOf = (dimension: QuotaWindow['dimension']) =>
  fc.record({
    dimension: fc.constant(dimension),
    windowMs: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(60_000)),
    limit: fc.integer({ min: 1, max: 20 }),
  });
const bucket = fc.record({
  dimension: fc.constant('per_minute' as const),
  windowMs: fc.integer({ min: 1, max: 5000 }),
  limit: fc.integer({ min: 1, max: 20 }),
  capacity: fc.integer({ min: 1, max: 30 }),
});
const dollars = fc.record({
  dimension: fc.constant('cost_per_hour' as const),
  windowMs: fc.constant(3_600_000),
  limit: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(1_000_000_000_000_000)),
});
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const windows = fc
  .tuple(
    optional(windowOf('burst')),
    optional(fc.oneof(windowOf('per_minute'), bucket)),
    optional(windowOf('per_hour')),
    optional(windowOf('per_day')),
    optional(dollars),
  )
  .map((all) => all.filter((window) => window !== undefined) as QuotaWindow[]);
const slots = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(Infinity));

const whole = fc.integer({ min: 1, max: 5 });
/** Money is whole micro-dollars; points may be any positive number. */
const points = fc.oneof(whole, fc.double({ min: 0.001, max: 5, noNaN: true }));
const cost = fc.oneof(fc.nat(40), fc.nat(1_000_000_000_000));
const afterMs = fc.oneof(fc.nat(50), fc.nat(3000), fc.constant(3_600_000));

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('reserve' as const), afterMs, points, cost }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('peek' as const), afterMs, points, cost }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      afterMs,
      which: fc.nat(5),
      /** Of the estimate: less is refunded, more is charged. */
      share: fc.constantFrom(0, 0.5, 1, 1, 1.5, 10),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('change' as const), factor: fc.constantFrom(1, 2, 5) }),
  },
);
const history = fc.record({
  windows,
  slots,
  leaseMs: fc.integer({ min: 1, max: 3000 }),
  steps: fc.array(step, { minLength: 1, maxLength: 50 }),
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

async function stores() {
  const clock = { now: 1_700_000_000_000 };
  const now = () => clock.now;
  const redis = new RedisQuotaStore({ client: (await RedisServer.start()).client(), now });
  cleanup(() => redis.close());
  return { clock, redis, memory: new MemoryQuotaStore({ now }) };
}

/** All of a decision but the lease, which is each store's own. */
const seen = (decision: QuotaDecision) => ({
  ...decision,
  windows: decision.windows,
  lease: decision.lease !== undefined,
});

/** Of a token bucket the size: how fast it was filled is reckoned back on Redis, and not in memory. */
function raised(window: QuotaWindow, factor: number): QuotaWindow {
  if (window.capacity !== undefined) return { ...window, capacity: window.capacity * factor };
  return { ...window, limit: window.limit * factor };
}

/** Plays a history to both stores, and compares every decision. */
async function compare(
  one: QuotaStore,
  other: QuotaStore,
  subject: string,
  given: History,
  clock: { now: number },
) {
  let limits: QuotaLimits = { windows: given.windows, concurrent: given.slots };
  const leases: { one: QuotaLease; other: QuotaLease; until: number }[] = [];
  for (const each of given.steps) {
    if (each.kind === 'change') {
      const changed = given.windows.map((window) => raised(window, each.factor));
      limits = { windows: changed, concurrent: given.slots * each.factor };
      continue;
    }
    clock.now += each.afterMs;
    if (each.kind === 'settle') {
      const [lease] = leases.splice(each.which % Math.max(1, leases.length), 1);
      // Redis forgets a lease ten minutes after it has expired.
      if (lease === undefined || clock.now > lease.until + GRACE_MS) continue;
      const actual = Math.round(lease.one.costMicros * each.share);
      await one.settle(lease.one, actual);
      await other.settle(lease.other, actual);
      continue;
    }
    const { kind, points, cost } = each;
    const ask = (store: QuotaStore) =>
      kind === 'peek'
        ? store.peek(subject, limits, points, cost)
        : store.reserve(subject, limits, points, cost, given.leaseMs);
    const [ours, theirs] = [await ask(one), await ask(other)];
    expect(seen(ours)).toEqual(seen(theirs));
    const until = clock.now + given.leaseMs;
    if (ours.lease && theirs.lease) leases.push({ one: ours.lease, other: theirs.lease, until });
  }
}

/** A token bucket that is asked, in vain, between two requests that are let through. */
const refilledInSteps: History = {
  windows: [
    { dimension: 'per_minute', windowMs: 2860, limit: 1, capacity: 3 },
    { dimension: 'per_day', windowMs: 60_000, limit: 1 },
  ],
  slots: Infinity,
  leaseMs: 1,
  steps: [
    { kind: 'reserve', afterMs: 0, points: 1, cost: 0 },
    { kind: 'reserve', afterMs: 1433, points: 1, cost: 0 },
    { kind: 'reserve', afterMs: 21, points: 3, cost: 0 },
    { kind: 'reserve', afterMs: 0, points: 0.001, cost: 0 },
  ],
};

describe('RedisQuotaStore and MemoryQuotaStore', () => {
  test(`give the same whole decisions in ${numRuns} random histories`, async () => {
    const { clock, redis, memory } = await stores();
    let subjects = 0;
    const property = fc.asyncProperty(history, (given) => {
      subjects += 1;
      return compare(redis, memory, `key:${subjects}`, given, clock);
    });
    await fc.assert(property, { numRuns, examples: [[refilledInSteps]] });
  }, 300_000);
});

/** Requests of one size, and settlements, without a limit on slots: what a refusal says holds if nothing comes between. */
const refusals = fc.record({
  windows,
  asks: fc.array(fc.record({ afterMs, points, cost, share: fc.constantFrom(0, 1, 3) }), {
    minLength: 1,
    maxLength: 40,
  }),
});

describe.each(['RedisQuotaStore', 'MemoryQuotaStore'])('%s', (name) => {
  test('admits a refused request when the time is over that it said, and not two milliseconds before', async () => {
    const { clock, redis, memory } = await stores();
    const store: QuotaStore = name === 'RedisQuotaStore' ? redis : memory;
    let subjects = 0;
    let waits = 0;
    const property = fc.asyncProperty(refusals, async (given) => {
      subjects += 1;
      const limits: QuotaLimits = { windows: given.windows, concurrent: Infinity };
      for (const each of given.asks) {
        clock.now += each.afterMs;
        const subject = `key:${subjects}`;
        const decision = await store.reserve(subject, limits, each.points, each.cost, 1000);
        if (decision.lease) await store.settle(decision.lease, each.cost * each.share);
        if (decision.allowed || decision.resetMs === Infinity) continue;
        waits += 1;
        const peek = async () => (await store.peek(subject, limits, each.points, each.cost)).allowed;
        // Fractions are rounded up, so that a request may pass one millisecond before, but never after.
        const early = Math.min(2, decision.resetMs);
        clock.now += decision.resetMs - early;
        const before = await peek();
        clock.now += early;
        expect([before, await peek()]).toEqual([false, true]);
      }
    });
    await fc.assert(property, { numRuns });
    expect(waits).toBeGreaterThan(numRuns / 5);
  }, 300_000);
});
