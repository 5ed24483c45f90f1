import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketOf, LATENCY_BUCKETS, quantileOf } from '../../src/analytics/latency-buckets.js';

function countsOf(durations: readonly number[]): Float64Array {
  const counts = new Float64Array(LATENCY_BUCKETS);
  for (const duration of durations) counts[bucketOf(duration)] = (counts[bucketOf(duration)] as number) + 1;
  return counts;
}

test('a quantile is off by 5 % at most', () => {
  const duration = fc.double({ min: 0.2, max: 3_600_000, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(duration, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (all, share) => {
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1] as number;
        const estimated = quantileOf(countsOf(all), share);
        expect(Math.abs(estimated - exact) / exact).toBeLessThan(0.051);
      },
    ),
  );
});

test.each([Number.NaN, -1, 0, 1e-9, 1e12, Number.POSITIVE_INFINITY])('%p falls into a bucket', (duration) => {
  const bucket = bucketOf(duration);
  expect(bucket).toBeGreaterThanOrEqual(0);
  expect(bucket).toBeLessThan(LATENCY_BUCKETS);
});

test('there is no quantile of nothing', () => {
  expect(quantileOf(new Float64Array(LATENCY_BUCKETS), 0.5)).toBe(0);
});
