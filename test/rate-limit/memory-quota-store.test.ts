import { describe, expect, test } from '@jest/globals';
import { MemoryQuotaStore, type QuotaLimits } from 'gatewright/rate-limit';

const minute = { dimension: 'per_minute', windowMs: 60_000, limit: 10 } as const;
const hour = { dimension: 'per_hour', windowMs: 3_600_000, limit: 12 } as const;
const dollars = { dimension: 'cost_per_hour', windowMs: 3_600_000, limit: 1_000_000 } as const;
const limitsOf = (...windows: QuotaLimits['windows'][number][]): QuotaLimits => ({
  windows,
  concurrent: Infinity,
});

function storeAt(start = 5000, maxSubjects?: number) {
  const clock = { now: start };
  const store = new MemoryQuotaStore({ now: () => clock.now, maxSubjects });
  const ask = (limits: QuotaLimits, { subject = 'key:a', points = 1, cost = 0, leaseMs = 60_000 } = {}) =>
    store.reserve(subject, limits, points, cost, leaseMs);
  const askTimes = (count: number, limits: QuotaLimits): boolean[] =>
    Array.from({ length: count }, () => ask(limits).allowed);
  return { clock, store, ask, askTimes };
}

describe('MemoryQuotaStore', () => {
  test('keeps what a request reserved with its own subject, though another has taken its row', () => {
    const { store, ask } = storeAt(0, 1);
    const limits: QuotaLimits = { windows: [dollars], concurrent: 2 };
    const first = ask(limits, { subject: 'first', cost: 5 });
    ask(limits, { subject: 'second' });
    const third = ask(limits, { subject: 'third', cost: 7 });
    if (first.lease) store.settle(first.lease, 1000);
    const { running, remaining } = store.peek('third', limits, 1, 0);
    expect([running, remaining]).toEqual([1, 1_000_000 - 7]);
    if (third.lease) store.settle(third.lease, 0);
    expect(store.peek('third', limits, 1, 0).running).toBe(0);
  });

  test('starts a subject anew that was refused first, or only looked at', () => {
    const { clock, store, ask } = storeAt(0);
    const limits = limitsOf(minute);
    expect(ask(limits, { points: 11 }).allowed).toBe(false);
    store.peek('key:a', limits, 1, 0);
    clock.now = 30_000;
    expect(ask(limits)).toMatchObject({ allowed: true, resetMs: 60_000 });
  });

  test('admits up to the limit, and names what refuses', () => {
    const { ask, askTimes } = storeAt();
    expect(askTimes(10, limitsOf(minute, hour))).not.toContain(false);
    const refused = ask(limitsOf(minute, hour));
    expect(refused.windows).toEqual([
      { remaining: 0, resetMs: 66_000 },
      { remaining: 2, resetMs: 0 },
    ]);
    expect({ ...refused }).toEqual({
      allowed: false,
      running: 10,
      dimension: 'per_minute',
      limit: 10,
      remaining: 0,
      resetMs: 66_000,
      lease: undefined,
    });
  });

  test('consumes nothing in any dimension for what it refuses', () => {
    const { clock, ask, askTimes } = storeAt();
    askTimes(10, limitsOf(minute, hour, dollars));
    for (let count = 0; count < 100; count += 1) ask(limitsOf(minute, hour, dollars), { cost: 500_000 });
    clock.now += 120_000;
    expect(ask(limitsOf(hour)).remaining).toBe(1);
    expect(ask(limitsOf(dollars)).remaining).toBe(1_000_000);
  });

  test('slides: what was used leaves the window little by little', () => {
    const { clock, ask, askTimes } = storeAt();
    askTimes(10, limitsOf(minute));
    clock.now += 60_000;
    expect(ask(limitsOf(minute)).resetMs).toBe(6000);
    clock.now += 5999;
    expect(ask(limitsOf(minute)).allowed).toBe(false);
    clock.now += 1;
    expect(ask(limitsOf(minute)).allowed).toBe(true);
    clock.now += 120_000;
    expect(ask(limitsOf(minute)).remaining).toBe(9);
  });

  test('tells exactly when a refused request would pass', () => {
    const { clock, ask, askTimes } = storeAt();
    askTimes(3, limitsOf(minute));
    clock.now += 70_000;
    askTimes(7, limitsOf(minute));
    const refused = ask(limitsOf(minute));
    expect(refused.allowed).toBe(false);
    clock.now += refused.resetMs - 1;
    expect(ask(limitsOf(minute)).allowed).toBe(false);
    clock.now += 1;
    expect(ask(limitsOf(minute)).allowed).toBe(true);
  });

  test('refuses for ever what is larger than a whole limit', () => {
    const { ask } = storeAt();
    expect(ask(limitsOf(minute), { points: 11 })).toMatchObject({ allowed: false, resetMs: Infinity });
  });

  test('anchors windows at the first request, not at the epoch', () => {
    const { clock, ask } = storeAt(59_000);
    expect(ask(limitsOf(minute)).resetMs).toBe(60_000);
    clock.now += 1000;
    expect(ask(limitsOf(minute)).resetMs).toBe(59_000);
  });

  test('holds slots until they are settled', () => {
    const { store, ask } = storeAt();
    const two: QuotaLimits = { windows: [], concurrent: 2 };
    const first = ask(two);
    const second = ask(two);
    expect(ask(two)).toMatchObject({ allowed: false, dimension: 'concurrent', limit: 2 });
    for (const { lease } of [first, first, second]) if (lease) store.settle(lease, 0);
    expect([ask(two).allowed, ask(two).allowed, ask(two).allowed]).toEqual([true, true, false]);
  });

  test('takes a slot back when its lease has expired', () => {
    const { clock, store, ask } = storeAt();
    const one: QuotaLimits = { windows: [], concurrent: 1 };
    const forgotten = ask(one, { leaseMs: 1000 });
    clock.now += 999;
    expect(ask(one).allowed).toBe(false);
    clock.now += 1;
    expect(ask(one).allowed).toBe(true);
    if (forgotten.lease) store.settle(forgotten.lease, 0);
    expect(ask(one).allowed).toBe(false);
  });

  test('charges the actual cost in place of the estimated one', () => {
    const { store, ask } = storeAt();
    const left = () => ask(limitsOf(dollars)).remaining;
    const { lease } = ask(limitsOf(dollars), { cost: 400_000 });
    expect(left()).toBe(600_000);
    if (lease) store.settle(lease, 100_000);
    expect(left()).toBe(900_000);
    const overrun = ask(limitsOf(dollars), { cost: 0 });
    if (overrun.lease) store.settle(overrun.lease, 950_000);
    expect(ask(limitsOf(dollars), { cost: 1 })).toMatchObject({ allowed: false, dimension: 'cost_per_hour' });
  });

  test('keeps subjects apart, and forgets the least recently used of too many', () => {
    const { ask } = storeAt(0, 2);
    const once = limitsOf({ ...minute, limit: 1 });
    for (const subject of ['__proto__', 'constructor']) {
      expect(ask(once, { subject }).allowed).toBe(true);
      expect(ask(once, { subject }).allowed).toBe(false);
    }
    ask(once, { subject: '__proto__' });
    ask(once, { subject: 'third' });
    expect(ask(once, { subject: '__proto__' }).allowed).toBe(false);
    expect(ask(once, { subject: 'constructor' }).allowed).toBe(true);
  });
});
