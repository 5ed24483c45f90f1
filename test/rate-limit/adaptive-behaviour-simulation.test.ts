import { describe, expect, test } from '@jest/globals';
import type { BehaviourOptions } from 'gatewright/rate-limit';
import { BehaviourLimits } from '../../src/rate-limit/behaviour-limits.js';
import { compileLimits } from '../../src/rate-limit/limits.js';
import { behaviourSchema } from '../../src/rate-limit/options.js';
import { poisson, random } from './adaptive-simulation.js';

const INTERVAL_MS = 10_000;
const tier = { requestsPerMinute: 1000, requestsPerHour: 20_000, burstLimit: 40, concurrentRequests: 5 };
const limits = compileLimits(tier, 'sliding-window', 1000);

/**
 * One subject whose requests are a Poisson process, evenly spread over each interval. Gives the factor of its limit
 * at the end of each.
 */
function factorsOf(
  intervals: number,
  rate: (interval: number) => number,
  { seed = 1, ...options }: BehaviourOptions & { seed?: number } = {},
): number[] {
  const next = random(seed);
  let now = 0;
  const behaviour = new BehaviourLimits(behaviourSchema.parse(options), 10, () => now);
  const factorOf = (current: typeof limits) => (current.windows[1]?.limit ?? 0) / 1000;
  return Array.from({ length: intervals }, (_, interval) => {
    const requests = poisson(next, rate(interval));
    for (let at = 0; at < requests; at += 1) {
      now = (interval + at / requests) * INTERVAL_MS;
      behaviour.limitsFor('key:a', limits, 1);
    }
    now = (interval + 1) * INTERVAL_MS - 1;
    return factorOf(behaviour.limitsNow('key:a', limits));
  });
}

/** How often it changes. */
const changes = (factors: readonly number[]): number =>
  factors.filter((factor, at) => at > 0 && factor !== factors[at - 1]).length;

describe('adaptive.behaviour', () => {
  test.each([0.3, 1, 5, 10, 20, 40, 200])('never tightens a steady subject of %d an interval', (rate) => {
    for (const seed of [1, 2, 3])
      expect(new Set(factorsOf(1000, () => rate, { seed }))).toEqual(new Set([1]));
  });

  test('tightens a sudden tenfold use at once, and relaxes step by step when it is over', () => {
    const factors = factorsOf(200, (at) => (at >= 100 && at < 115 ? 300 : 30));
    expect(new Set(factors.slice(0, 100))).toEqual(new Set([1]));
    expect(factors.slice(100, 115)).toEqual(Array(15).fill(0.25));
    expect(factors.slice(115, 122)).toEqual([0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1]);
    expect(changes(factors)).toBe(3);
  });

  test('does not have to wait for the end of an interval', () => {
    let now = 0;
    const behaviour = new BehaviourLimits(behaviourSchema.parse({}), 10, () => now);
    const use = (times: number) => {
      let current = limits;
      for (let at = 0; at < times; at += 1) current = behaviour.limitsFor('key:a', limits, 1);
      return current.windows.map(({ limit }) => limit);
    };
    for (let interval = 0; interval < 12; interval += 1) {
      now = interval * INTERVAL_MS;
      use(30);
    }
    now += INTERVAL_MS;
    expect(use(90)).toEqual([40, 1000, 20_000]);
    expect(use(1)).toEqual([20, 500, 20_000]);
    expect(use(89)).toEqual([20, 500, 20_000]);
    expect(use(1)).toEqual([10, 250, 20_000]);
    expect(use(1000)).toEqual([10, 250, 20_000]);
  });

  test('follows a slow growth, and a day that comes and goes', () => {
    expect(new Set(factorsOf(300, (at) => 20 * 1.02 ** at))).toEqual(new Set([1]));
    const day = (at: number) => 40 * (1.02 + Math.sin((at / 8640) * 2 * Math.PI));
    expect(new Set(factorsOf(8640, day))).toEqual(new Set([1]));
  });

  test('takes a habit of bursts for one', () => {
    const batch = (at: number) => (at % 30 === 0 ? 300 : 0.1);
    expect(new Set(factorsOf(1500, batch))).toEqual(new Set([1]));
  });

  test('takes a pause for no habit', () => {
    const factors = factorsOf(3000, (at) => (at > 100 && at < 2900 ? 0 : 100));
    expect(new Set(factors)).toEqual(new Set([1]));
  });

  test('believes a new habit in the end', () => {
    const factors = factorsOf(200, (at) => (at >= 50 ? 300 : 30));
    expect(factors.slice(50, 65)).toEqual(Array(15).fill(0.25));
    expect(new Set(factors.slice(120))).toEqual(new Set([1]));
    expect(changes(factors)).toBe(3);
  });

  test('judges nobody without a history, and no small number', () => {
    expect(new Set(factorsOf(11, (at) => (at === 10 ? 1000 : 30)))).toEqual(new Set([1]));
    expect(new Set(factorsOf(60, (at) => (at >= 50 ? 10 : 1)))).toEqual(new Set([1]));
  });

  test('leaves no less than `minFactor`', () => {
    const abuse = (at: number) => (at >= 20 ? 3000 : 30);
    expect(factorsOf(30, abuse, { minFactor: 0.1 }).at(-1)).toBe(0.1);
    expect(factorsOf(30, abuse, { minFactor: 1 }).at(-1)).toBe(1);
  });

  test('gives a store the same objects again, and none for a tier without limits by the minute', () => {
    let now = 0;
    const behaviour = new BehaviourLimits(behaviourSchema.parse({ minIntervals: 2 }), 10, () => now);
    const unlimited = compileLimits({}, 'sliding-window', 1000);
    const use = (times: number) => {
      for (let at = 0; at < times; at += 1) behaviour.limitsFor('key:a', limits, 1);
    };
    for (now = 0; now < 30_000; now += INTERVAL_MS) use(10);
    use(1000);
    const tightened = behaviour.limitsNow('key:a', limits);
    expect(tightened).not.toBe(limits);
    expect(behaviour.limitsFor('key:a', limits, 1)).toBe(tightened);
    expect(behaviour.limitsFor('key:a', unlimited, 1)).toEqual(unlimited);
    expect(behaviour.limitsFor('key:b', limits, 1)).toBe(limits);
  });

  test('remembers a bounded number of subjects, whatever they are called', () => {
    const behaviour = new BehaviourLimits(behaviourSchema.parse({}), 2, () => 0);
    for (let at = 0; at < 1000; at += 1) behaviour.limitsFor(`key:${at}`, limits, 1);
    for (const name of ['__proto__', 'constructor'])
      expect(behaviour.limitsFor(name, limits, 1)).toBe(limits);
  });

  test('does nothing about a clock that goes back', () => {
    let now = 0;
    const behaviour = new BehaviourLimits(behaviourSchema.parse({}), 10, () => now);
    for (const at of [50_000, 0, 20_000, -5000]) {
      now = at;
      expect(behaviour.limitsFor('key:a', limits, 1)).toBe(limits);
    }
  });

  test('scales a token bucket whole', () => {
    let now = 0;
    const bucket = compileLimits({ requestsPerMinute: 100, burstLimit: 10 }, 'token-bucket', 1000);
    const behaviour = new BehaviourLimits(behaviourSchema.parse({ minIntervals: 2 }), 10, () => now);
    for (now = 0; now < 30_000; now += INTERVAL_MS) behaviour.limitsFor('key:a', bucket, 10);
    const { windows, policyField } = behaviour.limitsFor('key:a', bucket, 31);
    expect(windows).toEqual([{ dimension: 'per_minute', windowMs: 60_000, limit: 50, capacity: 5 }]);
    expect(policyField).toBe('"per_minute";q=50;w=60');
  });
});
