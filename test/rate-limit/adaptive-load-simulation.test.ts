import { describe, expect, test } from '@jest/globals';
import { deviation, mean, type Simulation, simulate, tiers } from './adaptive-simulation.js';

/** An upstream that answers 200 requests in a second, and is asked for 400. */
const saturated: Omit<Simulation, 'seed'> = {
  seconds: 100,
  rate: () => 400,
  upstream: () => ({ capacity: 20 }),
};
const CAPACITY = 200;

describe.each([1, 2, 3])('a saturated upstream, seed %d', (seed) => {
  const without = simulate({ ...saturated, seed });
  const within = simulate({ ...saturated, seed, load: {} });

  test('keeps its throughput, which collapses without a limit', () => {
    expect(without.goodputOf(30) / CAPACITY).toBeLessThan(0.4);
    expect(within.goodputOf(30) / CAPACITY).toBeGreaterThan(0.9);
  });

  test('has the lowest tier shed first', () => {
    const served = tiers.map((tier) => within.served(tier));
    expect(served).toEqual([...served].sort((a, b) => a - b));
    expect(within.served('free')).toBeLessThan(0.15);
    expect(within.served('enterprise')).toBeGreaterThan(0.98);
    expect(without.served('enterprise')).toBeLessThan(0.3);
  });

  test('has a limit that does not flap', () => {
    const limits = within.limits.slice(30);
    const usual = mean(limits);
    expect(deviation(limits) / usual).toBeLessThan(0.25);
    expect(Math.min(...limits)).toBeGreaterThan(usual / 2);
    expect(Math.max(...limits)).toBeLessThan(usual * 2);
  });
});

test('does not drift in an overload that lasts', () => {
  const run = simulate({ ...saturated, seed: 1, seconds: 900, load: {} });
  expect(run.goodputOf(600) / CAPACITY).toBeGreaterThan(0.9);
  expect(mean(run.limits.slice(600))).toBeLessThan(60);
});

describe.each([1, 2])('seed %d', (seed) => {
  test('grows with an upstream that gets four times faster', () => {
    const upstream = (second: number) => ({ capacity: 20, speed: second < 40 ? 1 : 4 });
    const run = simulate({ ...saturated, seed, rate: () => 1000, upstream, load: {} });
    expect(run.goodputOf(20, 40) / CAPACITY).toBeGreaterThan(0.9);
    expect(run.goodputOf(55) / (4 * CAPACITY)).toBeGreaterThan(0.8);
  });

  test('shrinks with an upstream that loses most of its workers, and recovers with it', () => {
    const upstream = (second: number) => ({ capacity: second < 40 || second >= 100 ? 20 : 5 });
    const run = simulate({ ...saturated, seed, seconds: 150, upstream, load: {} });
    expect(run.goodputOf(55, 100) / (CAPACITY / 4)).toBeGreaterThan(0.8);
    expect(run.limits[99]).toBeLessThan(mean(run.limits.slice(20, 40)) / 2);
    expect(run.goodputOf(115) / CAPACITY).toBeGreaterThan(0.85);
  });

  test('takes an upstream that has become slower, not busier, for what it is', () => {
    const upstream = (second: number) => ({ capacity: 20, speed: second < 40 ? 1 : 0.3 });
    const slower = { ...saturated, seed, seconds: 120, rate: () => 40, upstream, patienceMs: 10_000 };
    expect(mean(simulate({ ...slower, load: {} }).shed.slice(80)) / 40).toBeLessThan(0.02);
  });

  test('sheds nothing below capacity, but in the first seconds', () => {
    const { shed } = simulate({ ...saturated, seed, rate: () => 100, load: {} });
    expect(mean(shed.slice(15)) / 100).toBeLessThan(0.005);
  });

  test('does not take another mix of fast and slow services for load', () => {
    const { shed } = simulate({
      ...saturated,
      seed,
      upstream: () => ({ capacity: 100 }),
      patienceMs: 20_000,
      workMs: 10,
      slowWorkMs: 1000,
      slowShare: (second) => (second < 50 ? 0.02 : 0.1),
      load: {},
    });
    expect(mean(shed.slice(65)) / 400).toBeLessThan(0.01);
  });
});
