import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  MemoryQuotaStore,
  type QuotaLease,
  type QuotaLimits,
  type QuotaStore,
  RedisQuotaStore,
} from 'gatewright/rate-limit';
import { RedisServer } from '../redis-server.js';
import { type ModelLease, ReferenceModel } from './reference-model.js';

type Clock = { now: number };

const makers: readonly (readonly [string, (clock: Clock) => Promise<QuotaStore>])[] = [
  ['MemoryQuotaStore', async (clock) => new MemoryQuotaStore({ now: () => clock.now })],
  [
    'RedisQuotaStore',
    async (clock) =>
      new RedisQuotaStore({ client: (await RedisServer.start()).client(), now: () => clock.now }),
  ],
];

const reserveStep = fc.record({
  kind: fc.constant('reserve' as const),
  afterMs: fc.oneof(fc.nat(50), fc.nat(3000)),
  points: fc.integer({ min: 1, max: 4 }),
  cost: fc.nat(30),
});
const settleStep = fc.record({
  kind: fc.constant('settle' as const),
  afterMs: fc.nat(400),
  which: fc.nat(5),
  extra: fc.nat(20),
});
const history = fc.record({
  burst: fc.integer({ min: 1, max: 6 }),
  minute: fc.integer({ min: 1, max: 20 }),
  cost: fc.integer({ min: 1, max: 200 }),
  concurrent: fc.integer({ min: 1, max: 4 }),
  leaseMs: fc.integer({ min: 1, max: 2000 }),
  steps: fc.array(fc.oneof(reserveStep, settleStep), { minLength: 1, maxLength: 60 }),
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays a history to a store and to the model, and compares every decision. */
async function compare(store: QuotaStore, subject: string, clock: Clock, given: History): Promise<void> {
  const limits: QuotaLimits = {
    windows: [
      { dimension: 'burst', windowMs: 100, limit: given.burst },
      { dimension: 'per_minute', windowMs: 1000, limit: given.minute },
      { dimension: 'cost_per_hour', windowMs: 3_600_000, limit: given.cost },
    ],
    concurrent: given.concurrent,
  };
  const model = new ReferenceModel();
  const leases: { ours: QuotaLease; theirs: ModelLease }[] = [];
  for (const step of given.steps) {
    clock.now += step.afterMs;
    if (step.kind === 'settle') {
      const [lease] = leases.splice(step.which % Math.max(1, leases.length), 1);
      if (lease === undefined) continue;
      const actual = lease.ours.costMicros + step.extra;
      await store.settle(lease.ours, actual);
      model.settle(clock.now, lease.theirs, actual);
    } else {
      const ours = await store.reserve(subject, limits, step.points, step.cost, given.leaseMs);
      const theirs = model.reserve(clock.now, limits, step.points, step.cost, given.leaseMs);
      const remaining = ours.windows.map((window) => window.remaining);
      expect([ours.allowed, ...remaining]).toEqual([theirs.allowed, ...theirs.remaining]);
      if (ours.lease && theirs.lease) leases.push({ ours: ours.lease, theirs: theirs.lease });
    }
  }
}

describe.each(makers)('%s', (_name, make) => {
  const runs = process.env['SOAK'] ? 2000 : 150;

  test(`decides as the reference model does, in ${runs} random histories`, async () => {
    const clock = { now: 1_700_000_000_000 };
    const store = await make(clock);
    let subjects = 0;
    const property = fc.asyncProperty(history, (given) => {
      subjects += 1;
      return compare(store, `key:${subjects}`, clock, given);
    });
    await fc.assert(property, { numRuns: runs });
  }, 120_000);
});
