import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Alert } from '../../src/analytics/alert.js';
import { watched } from './alert-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('latency', () => {
  test('is the quantile, within 5 %', () => {
    const { told, record, evaluate } = watched([
      { metric: 'latency', quantile: 0.9, above: 1000 },
      { name: 'slowest', metric: 'latency', quantile: 0.99, above: 1000 },
    ]);
    record(95, { durationMs: 100 });
    record(5, { durationMs: 3000 });
    evaluate();
    expect(told).toMatchObject([{ rule: 'slowest', threshold: 1000 }]);
    const [{ value }] = told as [Alert];
    expect(Math.abs(Number(value) / 3000 - 1)).toBeLessThan(0.05);
  });

  test.each([Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 1e300])('survives %d', (durationMs) => {
    const { told, record, evaluate } = watched([{ metric: 'latency', quantile: 0.5, above: 0.01 }]);
    record(10, { durationMs });
    evaluate();
    expect(Number.isFinite(told[0]?.value)).toBe(true);
  });
});

describe('the request rate', () => {
  test('is per second, over the window', () => {
    const { told, record, evaluate } = watched([{ metric: 'request_rate', above: 9.9 }]);
    record(600);
    evaluate();
    expect(told).toMatchObject([{ state: 'firing', value: 10 }]);
  });

  test('is not too low before a whole window has been seen', () => {
    const { told, record, evaluate } = watched([{ metric: 'request_rate', below: 1, windowMs: 20_000 }]);
    record(1);
    evaluate(3);
    expect(told).toEqual([]);
    evaluate();
    expect(told).toMatchObject([{ state: 'firing', value: 0.05 }]);
    record(100);
    evaluate();
    expect(told).toMatchObject([{}, { state: 'resolved' }]);
  });
});

describe('cost per hour', () => {
  test('is that of the last hour, exactly', () => {
    const { told, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 0.9995 }]);
    record(999, { cost: 0.001 });
    evaluate();
    expect(told).toEqual([]);
    record(1, { cost: 0.001 });
    evaluate();
    expect(told).toMatchObject([{ value: 1 }]);
    evaluate(719);
    expect(told).toMatchObject([{}, { state: 'resolved', value: 0.001 }]);
  });

  test('is projected from a shorter window', () => {
    const { told, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 10, windowMs: 300_000 }]);
    record(1, { cost: 1 });
    evaluate();
    expect(told).toMatchObject([{ value: 12 }]);
  });

  test('is that of each subject, where a rule is per subject', () => {
    const { told, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 5, per: 'subject' }]);
    record(4, { cost: 1, subject: 'key:a' });
    record(6, { cost: 1, subject: 'key:b' });
    evaluate();
    expect(told).toMatchObject([{ state: 'firing', subject: 'key:b', value: 6 }]);
    record(2, { cost: 1, subject: 'key:a' });
    evaluate();
    expect(told).toMatchObject([{}, { state: 'firing', subject: 'key:a', value: 6 }]);
    evaluate(800);
    expect(
      told
        .slice(2)
        .map(({ state, subject }) => `${state} ${subject}`)
        .sort(),
    ).toEqual(['resolved key:a', 'resolved key:b']);
  });

  test('tells a bounded number of subjects apart, and the rest as one', () => {
    const { told, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 5, per: 'subject' }], {
      maxSubjects: 10,
    });
    for (let nth = 0; nth < 1000; nth += 1) record(1, { cost: 0.01, subject: `ip:${nth}` });
    evaluate();
    expect(told).toMatchObject([{ subject: 'other', value: 9.9 }]);
  });

  test('forgets subjects that have cost nothing for an hour', () => {
    const { told, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 0.5, per: 'subject' }], {
      maxSubjects: 1,
    });
    record(1, { cost: 0.1, subject: 'key:a' });
    evaluate(721);
    record(1, { cost: 1, subject: 'key:b' });
    evaluate();
    expect(told).toMatchObject([{ subject: 'key:b' }]);
  });

  test('survives absurd values', () => {
    const { told, record, evaluate } = watched([
      { metric: 'cost_per_hour', above: 0.5 },
      { metric: 'cost_per_hour', above: 0.5, per: 'subject' },
    ]);
    for (const cost of [Number.NaN, -5, Number.NEGATIVE_INFINITY]) record(10, { cost });
    evaluate();
    expect(told).toEqual([]);
    for (const cost of [Number.POSITIVE_INFINITY, 1e300]) record(10, { cost });
    evaluate();
    expect(told.map(({ value }) => value)).toEqual([20_000_000, 20_000_000]);
    evaluate(1500);
    record(1, { cost: 1 });
    evaluate();
    expect(told.slice(-2).map(({ value }) => value)).toEqual([1, 1]);
  });

  test('leaves nothing behind of sums that are too large to be exact', () => {
    const { states, record, evaluate } = watched([{ metric: 'cost_per_hour', above: 0, windowMs: 15_000 }]);
    record(10_000, { cost: Number.POSITIVE_INFINITY });
    evaluate();
    record(1, { cost: 0.000_003 });
    evaluate(7);
    expect(states()).toEqual(['firing', 'resolved']);
  });
});

describe('the state of breakers', () => {
  test('fires for each that is open until it is closed again', () => {
    const { told, events, evaluate } = watched([{ metric: 'breaker_state', forMs: 5000 }]);
    events.publish('breaker', { key: 'kgot', from: 'closed', to: 'open' });
    evaluate();
    events.publish('breaker', { key: 'kgot', from: 'open', to: 'half-open' });
    evaluate();
    expect(told).toMatchObject([{ state: 'firing', service: 'kgot', value: 'half-open', threshold: 'open' }]);
    events.publish('breaker', { key: 'alita', from: 'closed', to: 'isolated' });
    events.publish('breaker', { key: 'kgot', from: 'half-open', to: 'closed' });
    evaluate(2);
    expect(told).toMatchObject([{}, { state: 'resolved', service: 'kgot', value: 'closed' }]);
  });

  test('is that of one breaker, or of isolation, where a rule is for that', () => {
    const { told, events, evaluate } = watched([
      { name: 'one', metric: 'breaker_state', service: 'alita' },
      { name: 'isolation', metric: 'breaker_state', is: 'isolated' },
    ]);
    events.publish('breaker', { key: 'kgot', from: 'closed', to: 'open' });
    evaluate();
    expect(told).toEqual([]);
    events.publish('breaker', { key: 'kgot', from: 'open', to: 'isolated' });
    events.publish('breaker', { key: 'alita', from: 'closed', to: 'open' });
    evaluate();
    expect(told).toMatchObject([
      { rule: 'one', service: 'alita' },
      { rule: 'isolation', service: 'kgot' },
    ]);
  });
});

test('the mode of a store fires while Redis does not decide', () => {
  const { told, events, evaluate } = watched([
    { metric: 'store_mode' },
    { name: 'refusing', metric: 'store_mode', is: 'closed' },
  ]);
  events.publish('storeMode', { store: 'rate_limit', mode: 'local' });
  evaluate();
  events.publish('storeMode', { store: 'rate_limit', mode: 'shared' });
  evaluate();
  expect(told).toMatchObject([
    { state: 'firing', service: 'rate_limit', value: 'local', threshold: 'not shared' },
    { state: 'resolved', value: 'shared' },
  ]);
});
