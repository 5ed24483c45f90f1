import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HoltWinters } from '../../src/analytics/holt-winters.js';

const smoothing = { alpha: 0.3, beta: 0.01, gamma: 0.2 };

describe('the published example', () => {
  // International visitor nights in Australia, millions, by quarter, 2005 to 2015 (austourists of the R package fpp2).
  // Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2nd edition, section 7.3, additive method.
  const nights = [
    42.20566, 24.64917, 32.66734, 37.25735, 45.24246, 29.35048, 36.34421, 41.78208, 49.2766, 31.2754,
    37.85063, 38.83704, 51.2369, 31.83855, 41.32342, 42.799, 55.70836, 33.40714, 42.31664, 45.15712, 59.57608,
    34.83733, 44.84168, 46.97125, 60.01903, 38.37118, 46.97586, 50.7338, 61.64687, 39.29957, 52.67121,
    54.33232, 66.83436, 40.87119, 51.82854, 57.49191, 65.25147, 43.06121, 54.76076, 59.83447, 73.25703,
    47.69662, 61.09777, 66.05576,
  ];
  const parameters = { alpha: 0.306, beta: 0.0003, gamma: 0.426 };
  const state = { level: 32.26, trend: 0.7, season: [9.7, -9.31, -1.69, 1.31] };

  test('has the level, trend and season of its first row', () => {
    const model = new HoltWinters(parameters, state);
    expect(model.forecast(1)).toBeCloseTo(42.66, 2);
    model.observe(nights[0] as number);
    expect(model.state.level).toBeCloseTo(32.82, 1);
    expect(model.state.trend).toBeCloseTo(0.7, 2);
    expect(model.state.season[0]).toBeCloseTo(9.5, 1);
  });

  test('has its forecasts', () => {
    const model = new HoltWinters(parameters, state);
    for (const value of nights) model.observe(value);
    // The parameters are published with three digits, so the forecasts agree to a few hundredths.
    for (const [at, published] of [76.1, 51.6, 63.97, 68.37].entries())
      expect(Math.abs(model.forecast(at + 1) - published)).toBeLessThan(0.05);
  });
});

test('computes by hand: one step with a season of two phases', () => {
  const model = new HoltWinters(
    { alpha: 0.5, beta: 0.5, gamma: 0.5 },
    { level: 10, trend: 2, season: [1, -1] },
  );
  expect(model.forecast(1)).toBe(13);
  model.observe(17);
  // Level: 0.5 (17 - 1) + 0.5 (10 + 2); trend: 0.5 (14 - 10) + 0.5 * 2; season: 0.5 (17 - 12) + 0.5 * 1.
  expect(model.state).toEqual({ level: 14, trend: 3, season: [3, -1] });
  expect([1, 2, 3].map((steps) => model.forecast(steps))).toEqual([16, 23, 22]);
});

test('without a season it is Holt’s linear trend', () => {
  const model = new HoltWinters({ ...smoothing, alpha: 0.5, beta: 0.5 }, { level: 10, trend: 0, season: [] });
  model.observe(14);
  expect(model.state).toEqual({ level: 12, trend: 1, season: [] });
  expect(model.forecast(3)).toBe(15);
});

test('what is constant stays so', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 2, max: 50 }),
      (value, phases) => {
        const model = HoltWinters.fit(smoothing, new Array(3 * phases).fill(value), phases);
        for (const steps of [1, phases, 3 * phases])
          expect(Math.abs(model.forecast(steps) - value)).toBeLessThanOrEqual(1e-6 * (1 + value));
      },
    ),
  );
});

test('finds a straight line with a season exactly', () => {
  const season = [5, -3, 8, -10];
  const at = (step: number): number => 100 + 2 * step + (season[step % 4] as number);
  const model = HoltWinters.fit(
    smoothing,
    Array.from({ length: 12 }, (_, step) => at(step)),
    4,
  );
  for (let steps = 1; steps <= 12; steps += 1) expect(model.forecast(steps)).toBeCloseTo(at(11 + steps), 6);
});

test('a sine of the season’s length is predicted within 2 % of its height, a quarter of it ahead', () => {
  const phases = 96;
  const at = (step: number): number => 100 + 50 * Math.sin((2 * Math.PI * step) / phases);
  const model = HoltWinters.fit(
    smoothing,
    Array.from({ length: 5 * phases }, (_, step) => at(step)),
    phases,
  );
  for (let step = 5 * phases; step < 6 * phases; step += 1) {
    expect(Math.abs(model.forecast(phases / 4) - at(step - 1 + phases / 4))).toBeLessThan(2);
    model.observe(at(step));
  }
});

test('learns a season that changes', () => {
  const phases = 24;
  const wave = (step: number, shift: number): number =>
    100 + 50 * Math.sin((2 * Math.PI * (step + shift)) / phases);
  const model = HoltWinters.fit(
    smoothing,
    Array.from({ length: 2 * phases }, (_, step) => wave(step, 0)),
    phases,
  );
  for (let step = 0; step < 60 * phases; step += 1) model.observe(wave(step, 6));
  expect(Math.abs(model.forecast(1) - wave(60 * phases, 6))).toBeLessThan(5);
});

test('keeps the phase over what is not known, back and forth', () => {
  const season = [5, -3, 8, -10];
  const model = new HoltWinters(smoothing, { level: 100, trend: 0, season });
  model.skip(6);
  expect(model.forecast(1)).toBe(108);
  model.skip(-7);
  expect(model.forecast(1)).toBe(90);
  model.observe(Number.NaN);
  expect(model.forecast(1)).toBe(105);
});

test('is never negative and never NaN, whatever comes', () => {
  const value = fc.oneof(fc.double(), fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constant(0));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 200 }), fc.integer({ min: 0, max: 20 }), (values, phases) => {
      const model = new HoltWinters(smoothing, { level: 1, trend: 0, season: new Array(phases).fill(0) });
      for (const each of values) {
        if (Math.abs(each) <= 1e12 || !Number.isFinite(each)) model.observe(each);
        expect(model.forecast(10)).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
