import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PeakEwma } from '../../../src/proxy-router/peak-ewma.js';

test('knows nothing before the first observation', () => {
  expect(new PeakEwma().value(0)).toBe(0);
  expect(new PeakEwma().value(1e9)).toBe(0);
});

test('takes a rise at once', () => {
  const latency = new PeakEwma();
  latency.observe(10, 0);
  latency.observe(900, 1);
  expect(latency.value(1)).toBe(900);
});

test('takes over 63 % of a fall within its time constant, whatever the rate of observations', () => {
  for (const stepMs of [10, 100, 1_000, 10_000]) {
    const latency = new PeakEwma();
    latency.observe(1_000, 0);
    for (let now = stepMs; now <= 10_000; now += stepMs) latency.observe(0, now);
    expect(latency.value(10_000)).toBeCloseTo(1_000 / Math.E, 6);
  }
});

test('falls while nothing is observed, and then knows nothing any more', () => {
  const latency = new PeakEwma(1_000);
  latency.observe(80, 0);
  expect(latency.value(1_000)).toBeCloseTo(80 / Math.E, 9);
  expect(latency.value(3_000)).toBeCloseTo(80 * Math.exp(-3), 9);
  expect(latency.value(3_001)).toBe(0);
  latency.observe(40, 60_000);
  expect(latency.value(60_000)).toBeCloseTo(40, 9);
});

test('is the same however often it is read', () => {
  const read = new PeakEwma();
  const unread = new PeakEwma();
  for (const [latencyMs, now] of [
    [100, 0],
    [20, 5_000],
    [50, 9_000],
  ] as const) {
    read.observe(latencyMs, now);
    unread.observe(latencyMs, now);
    for (let at = now; at < now + 3_000; at += 100) read.value(at);
  }
  expect(read.value(12_000)).toBe(unread.value(12_000));
});

test('lies between the least and the greatest that was observed at the moment of an observation', () => {
  const observations = fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(60_000)), {
    minLength: 1,
  });
  fc.assert(
    fc.property(observations, (all) => {
      const latency = new PeakEwma();
      let now = 0;
      for (const [latencyMs, passedMs] of all) {
        now += passedMs;
        latency.observe(latencyMs, now);
        expect(latency.value(now)).toBeGreaterThanOrEqual(latencyMs * (1 - 1e-9));
      }
      expect(latency.value(now)).toBeLessThanOrEqual(Math.max(...all.map(([latencyMs]) => latencyMs)));
    }),
  );
});

test('is not upset by a clock that goes back', () => {
  const latency = new PeakEwma();
  latency.observe(100, 1_000);
  expect(latency.value(0)).toBe(100);
  latency.observe(50, 500);
  expect(latency.value(500)).toBe(100);
});
