import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { EVALUATE_MS, errors, watched } from './alert-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the error rate', () => {
  test('fires once above the threshold, and is over once below it', () => {
    const { told, record, evaluate } = watched([errors]);
    record(90);
    record(10, { status: 503 });
    evaluate(3);
    expect(told).toMatchObject([
      { rule: 'error_rate', metric: 'error_rate', state: 'firing', value: 0.1, threshold: 0.05 },
    ]);
    record(900);
    evaluate(3);
    expect(told).toMatchObject([{}, { state: 'resolved', value: 0.01 }]);
    expect(told[1]?.since).toBe(told[0]?.since);
  });

  test('is that of the window: what is older does not count', () => {
    const { states, record, evaluate } = watched([{ ...errors, windowMs: 30_000, minimumRequests: 1 }]);
    record(10, { status: 500 });
    evaluate();
    expect(states()).toEqual(['firing']);
    for (let nth = 0; nth < 5; nth += 1) {
      record(1);
      evaluate();
    }
    expect(states()).toEqual(['firing']);
    record(1);
    evaluate();
    expect(states()).toEqual(['firing', 'resolved']);
  });

  test('counts answers that were cut, but not refusals and clients that left', () => {
    const { states, record, evaluate } = watched([errors]);
    record(10, { status: 429 });
    record(10, { status: 499, ending: 'aborted' });
    evaluate();
    expect(states()).toEqual([]);
    record(10, { status: 200, ending: 'failed' });
    evaluate();
    expect(states()).toEqual(['firing']);
  });

  test('says nothing where there are too few requests', () => {
    const { states, record, evaluate } = watched([{ ...errors, minimumRequests: 20 }]);
    record(19, { status: 500 });
    evaluate();
    expect(states()).toEqual([]);
    record(1, { status: 500 });
    evaluate();
    expect(states()).toEqual(['firing']);
  });

  test('goes on firing for one window where nothing comes any more', () => {
    const { told, record, evaluate } = watched([{ ...errors, windowMs: 10_000 }]);
    record(10, { status: 500 });
    evaluate(3);
    expect(told).toHaveLength(1);
    evaluate(2);
    expect(told).toMatchObject([{ state: 'firing' }, { state: 'resolved', value: undefined }]);
  });

  test('is that of one service and tier, where a rule is for them', () => {
    const { told, record, evaluate } = watched([{ ...errors, service: 'kgot', tier: 'premium' }]);
    record(100, { status: 500, tier: 'free' });
    record(100, { status: 500, tier: 'premium', service: 'alita' });
    evaluate();
    expect(told).toEqual([]);
    record(10, { status: 500, tier: 'premium' });
    evaluate();
    expect(told).toMatchObject([{ value: 1, service: 'kgot', tier: 'premium' }]);
  });
});

describe('before it fires', () => {
  const held = { ...errors, windowMs: 5000, forMs: 10_000 };

  test('it must be so for as long as was asked for', () => {
    const { states, record, evaluate } = watched([held]);
    for (let nth = 0; nth < 2; nth += 1) {
      record(10, { status: 500 });
      evaluate();
    }
    expect(states()).toEqual([]);
    record(10, { status: 500 });
    evaluate();
    expect(states()).toEqual(['firing']);
  });

  test('it must be so without a break', () => {
    const { states, record, evaluate } = watched([held]);
    for (const status of [500, 500, 200, 500, 500]) {
      record(10, { status });
      evaluate();
    }
    expect(states()).toEqual([]);
  });

  test('a pause of the process counts for little', () => {
    const { states, record, alerts } = watched([{ ...held, forMs: 60_000 }]);
    const clock = jest.spyOn(performance, 'now');
    cleanup(() => clock.mockRestore());
    record(10, { status: 500 });
    jest.advanceTimersByTime(EVALUATE_MS);
    // Stopped for eight hours, then one late evaluation.
    clock.mockReturnValue(performance.now() + 8 * 3_600_000);
    record(10, { status: 500 });
    jest.advanceTimersByTime(EVALUATE_MS);
    expect(states()).toEqual([]);
    expect(alerts.firing()).toEqual([]);
  });

  test('a wall clock that jumps counts for nothing', () => {
    const { states, record, evaluate } = watched([{ ...held, forMs: 60_000 }]);
    record(10, { status: 500 });
    evaluate();
    jest.setSystemTime(Date.now() + 86_400_000);
    record(10, { status: 500 });
    evaluate();
    jest.setSystemTime(Date.now() - 2 * 86_400_000);
    record(10, { status: 500 });
    evaluate();
    expect(states()).toEqual([]);
  });
});

test('is over only at the lower threshold, where there is one', () => {
  const { states, record, evaluate } = watched([{ ...errors, resolve: 0.01, windowMs: 5000 }]);
  const window = (bad: number): void => {
    record(100 - bad);
    record(bad, { status: 500 });
    evaluate();
  };
  for (const bad of [6, 4, 6, 2, 5]) window(bad);
  expect(states()).toEqual(['firing']);
  window(1);
  expect(states()).toEqual(['firing', 'resolved']);
});
