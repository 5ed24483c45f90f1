import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { Forecast } from '../../src/analytics/forecast.js';
import { type ForecastOptions, forecastSchema } from '../../src/analytics/forecast-options.js';
import { checkOptions } from '../../src/core/options.js';
import { cleanup } from '../helpers.js';

const MINUTE_MS = 60_000;
/** A day of 24 intervals, as long as an hour each would be. */
const day = { intervalMs: 3_600_000, seasonIntervals: 24, horizonMs: 3_600_000 };

const resolved = (options: ForecastOptions) => checkOptions('forecast', forecastSchema, options);

function forecastOf(options: ForecastOptions = {}) {
  const forecast = new Forecast(resolved(options));
  cleanup(() => forecast.close());
  /** Goes on by one interval with so many requests. */
  const interval = (requests: number, ms = options.intervalMs ?? MINUTE_MS): void => {
    for (let nth = 0; nth < requests; nth += 1) forecast.record();
    jest.advanceTimersByTime(ms);
  };
  return { forecast, interval };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('predicts nothing before there was a whole interval', () => {
  const { forecast, interval } = forecastOf({ requestsPerSecondPerReplica: 1 });
  forecast.record();
  jest.advanceTimersByTime(MINUTE_MS - 1);
  expect([forecast.requestsPerSecond, forecast.recommendedReplicas]).toEqual([undefined, undefined]);
  interval(599, 1);
  expect(forecast.requestsPerSecond).toBe(10);
  expect(forecast.recommendedReplicas).toBe(10);
});

test('follows a constant rate, and one that falls to nothing', () => {
  const { forecast, interval } = forecastOf();
  for (let nth = 0; nth < 30; nth += 1) interval(120);
  expect(forecast.requestsPerSecond).toBeCloseTo(2, 6);
  for (let nth = 0; nth < 300; nth += 1) interval(0);
  expect(forecast.requestsPerSecond).toBeLessThan(0.02);
  expect(forecast.requestsPerSecond).toBeGreaterThanOrEqual(0);
});

test('goes by the trend until the season is known', () => {
  const { forecast, interval } = forecastOf({ ...day, seasonIntervals: 1000, alpha: 0.5, beta: 0.5 });
  for (let nth = 1; nth <= 40; nth += 1) interval(nth * 3600);
  expect(forecast.isSeasonal).toBe(false);
  expect(forecast.requestsPerSecond).toBeCloseTo(41, 0);
});

describe('with two seasons behind it', () => {
  /** Busy from 9 to 17 o'clock. */
  const rateAt = (hour: number): number => (hour % 24 >= 9 && hour % 24 < 17 ? 100 : 10);

  test('it expects the morning before it comes', () => {
    jest.setSystemTime(Date.parse('2024-01-01T00:00:00Z'));
    const { forecast, interval } = forecastOf({ ...day, requestsPerSecondPerReplica: 25 });
    for (let hour = 0; hour < 48 + 8; hour += 1) interval(rateAt(hour) * 3600);
    expect(forecast.isSeasonal).toBe(true);
    expect(forecast.requestsPerSecond).toBeCloseTo(10, 0);
    expect(forecast.recommendedReplicas).toBe(1);
    interval(10 * 3600);
    expect(forecast.requestsPerSecond).toBeCloseTo(100, 0);
    expect(forecast.recommendedReplicas).toBe(4);
  });

  const history = Array.from({ length: 72 + 8 }, (_, hour) => rateAt(hour));

  test('it can be given them', () => {
    const { forecast, interval } = forecastOf({ ...day, history });
    expect(forecast.isSeasonal).toBe(true);
    interval(10 * 3600);
    expect(forecast.requestsPerSecond).toBeCloseTo(100, 0);
  });

  test.each([
    ['forward', 5],
    ['back', -4],
  ])('it finds its place in the day when the clock jumps %s', (_way, hours) => {
    jest.setSystemTime(Date.parse('2024-01-01T08:00:00Z'));
    const { forecast, interval } = forecastOf({ ...day, history });
    jest.setSystemTime(Date.now() + hours * 3_600_000);
    interval(10 * 3600);
    const [at, before] = [new Date().getUTCHours(), forecast.requestsPerSecond];
    expect(before).toBeCloseTo(rateAt(at), -1);
  });

  test('it learns nothing from a pause', () => {
    jest.setSystemTime(Date.parse('2024-01-01T08:00:00Z'));
    const { forecast, interval } = forecastOf({ ...day, history });
    const before = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(before + 25 * 3_600_000);
    cleanup(() => clock.mockRestore());
    jest.setSystemTime(Date.now() + 24 * 3_600_000);
    interval(0);
    expect(forecast.requestsPerSecond).toBeCloseTo(100, 0);
  });
});

test('recommends at least and at most so many replicas', () => {
  const { forecast, interval } = forecastOf({
    requestsPerSecondPerReplica: 1,
    minReplicas: 3,
    maxReplicas: 5,
  });
  interval(60);
  expect(forecast.recommendedReplicas).toBe(3);
  for (let nth = 0; nth < 30; nth += 1) interval(6000);
  expect(forecast.recommendedReplicas).toBe(5);
});

test('recommends none where nobody said what a replica can take', () => {
  const { forecast, interval } = forecastOf();
  interval(60);
  expect(forecast.requestsPerSecond).toBe(1);
  expect(forecast.recommendedReplicas).toBeUndefined();
});

test('ends when it is closed', () => {
  const { forecast, interval } = forecastOf();
  forecast.close();
  expect(jest.getTimerCount()).toBe(0);
  interval(60);
  expect(forecast.requestsPerSecond).toBeUndefined();
});

test.each<[string, ForecastOptions, string]>([
  [
    'a horizon shorter than an interval',
    { horizonMs: 1000 },
    '`forecast.horizonMs` must be at least `intervalMs` and at most a season: 60000 to 86400000, got 1000.',
  ],
  ['a level that learns nothing', { alpha: 0 }, '`forecast.alpha` must be greater than 0, got 0.'],
  ['a season of one', { seasonIntervals: 1 }, '`forecast.seasonIntervals` must be at least 2, got 1.'],
  ['a negative history', { history: [1, -1] }, '`forecast.history[1]` must be at least 0, got -1.'],
  ['replicas that take nothing', { requestsPerSecondPerReplica: 0 }, 'must be greater than 0, got 0.'],
  [
    'most below least',
    { minReplicas: 5, maxReplicas: 2 },
    '`forecast.maxReplicas` must be at least `minReplicas`, which is 5, got 2.',
  ],
  ['an unknown option', { horizon: 5 } as ForecastOptions, 'Did you mean `horizonMs`?'],
])('refuses %s', (_name, options, message) => {
  expect(() => resolved(options)).toThrow(ConfigError);
  expect(() => resolved(options)).toThrow(message);
});
