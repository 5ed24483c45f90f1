import { expect, jest, test } from '@jest/globals';
import { Figures } from '../../src/analytics/figures.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import { cleanup } from '../helpers.js';
import { recordOf } from './support.js';

const noon = Date.parse('2024-01-01T12:00:00.000Z');
const HOUR_MS = 3_600_000;

/** The figures of an hour, as far as requests are given with the time of their end. */
class HourFigures {
  readonly #figures = new Figures(
    { maxEntries: 10, keepDays: 1, flushMs: 1000, closeTimeoutMs: 1000 },
    undefined,
  );

  add(event: Partial<RequestEvent>, timestamp: number): void {
    this.#figures.add(recordOf({ ...event, timestamp }));
  }

  report(now: number) {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now);
    cleanup(() => clock.mockRestore());
    return this.#figures.localReport();
  }
}

const event = (more: Partial<RequestEvent> = {}) => more;

test('is in the documented shape, with exact totals', () => {
  const figures = new HourFigures();
  figures.add(event({ status: 429, durationMs: 1 }), noon);
  figures.add(event({ status: 200, durationMs: 10.005, cost: 0.1 }), noon + 1000);
  figures.add(event({ status: 200, durationMs: 20, cost: 0.2 }), noon + 2000);
  figures.add(event({ status: 500, durationMs: 30 }), noon + 3000);
  expect(figures.report(noon + 4567)).toEqual({
    timestamp: '2024-01-01T12:00:04Z',
    period: 'current_hour',
    scope: 'local',
    metrics: {
      total_requests: 4,
      avg_response_time_ms: 15.25,
      p50_response_time_ms: expect.closeTo(10.005, 0),
      p90_response_time_ms: expect.closeTo(30, -1),
      p99_response_time_ms: expect.closeTo(30, -1),
      error_rate: 0.25,
      total_cost: 0.3,
      status_codes: { 200: 2, 429: 1, 500: 1 },
    },
  });
});

test('adds many costs up exactly', () => {
  const figures = new HourFigures();
  for (let at = 0; at < 100_000; at += 1) figures.add(event({ cost: 1.005 }), noon);
  expect(figures.report(noon).metrics.total_cost).toBe(100_500);
});

test.each<[string, Partial<RequestEvent>, number]>([
  ['a 5xx', { status: 502 }, 1],
  ['an answer cut by what produced it', { status: 200, ending: 'failed' }, 1],
  ['a success', { status: 200 }, 0],
  ['a refusal', { status: 429 }, 0],
  ['a client’s mistake', { status: 404 }, 0],
  ['a client that left before the answer', { status: 499, ending: 'aborted' }, 0],
  ['a client that left during the answer', { status: 200, ending: 'aborted' }, 0],
])('error_rate and %s', (_what, ended, rate) => {
  const figures = new HourFigures();
  figures.add(event(ended), noon);
  expect(figures.report(noon).metrics.error_rate).toBe(rate);
});

test('rounds the error rate to four digits', () => {
  const figures = new HourFigures();
  for (const status of [500, 200, 200]) figures.add(event({ status }), noon);
  expect(figures.report(noon).metrics.error_rate).toBe(0.3333);
});

const nothing = {
  total_requests: 0,
  avg_response_time_ms: 0,
  p50_response_time_ms: 0,
  p90_response_time_ms: 0,
  p99_response_time_ms: 0,
  error_rate: 0,
  total_cost: 0,
  status_codes: {},
};

test('has figures before the first request', () => {
  expect(new HourFigures().report(noon).metrics).toEqual(nothing);
});

test('keeps the figures to the last millisecond of the hour, and begins anew with the next', () => {
  const figures = new HourFigures();
  figures.add(event({ status: 500, cost: 1 }), noon);
  expect(figures.report(noon + HOUR_MS - 1).metrics.total_requests).toBe(1);
  expect(figures.report(noon + HOUR_MS).metrics).toEqual(nothing);
});

test('counts a request in the hour in which it ended', () => {
  const figures = new HourFigures();
  figures.add(event(), noon - 1);
  figures.add(event({ status: 404 }), noon);
  expect(figures.report(noon).metrics).toMatchObject({ total_requests: 1, status_codes: { 404: 1 } });
});
