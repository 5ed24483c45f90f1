import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigError, GatewayEvents } from 'gatewright';
import type { Alert } from '../../src/analytics/alert.js';
import { type AlertRule, alertsOption, wholeAlerts } from '../../src/analytics/alert-options.js';
import { Alerts } from '../../src/analytics/alerts.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import { checkOptions } from '../../src/core/options.js';
import { cleanup } from '../helpers.js';
import { event, lines, receiver } from './sink-support.js';

const EVALUATE_MS = 5000;

const resolved = (options: unknown) => wholeAlerts(checkOptions('alerts', alertsOption, options));

/** Alerts on a clock that stands still until it is told. */
function watched(rules: AlertRule[], more: object = {}) {
  const told: Alert[] = [];
  const events = new GatewayEvents();
  const { said, logger } = lines();
  const options = resolved({ rules, onAlert: (alert: Alert) => told.push(alert), ...more });
  const alerts = new Alerts(options, { logger, events });
  cleanup(() => void alerts.close());
  const record = (count: number, changes: Partial<RequestEvent> = {}): void => {
    for (let nth = 0; nth < count; nth += 1) alerts.record(event(changes));
  };
  /** Goes on by so many evaluations. */
  const evaluate = (times = 1): void => {
    for (let nth = 0; nth < times; nth += 1) jest.advanceTimersByTime(EVALUATE_MS);
  };
  const states = () => told.map(({ state }) => state);
  return { told, said, events, alerts, record, evaluate, states };
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const errors = { metric: 'error_rate', above: 0.05 } as const;

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
    const { told, record, evaluate } = watched([{ metric: 'latency', quantile: 0.5, above: 0.1 }]);
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

describe('telling', () => {
  const broken = (watch: ReturnType<typeof watched>): void => {
    watch.record(10, { status: 500 });
    watch.evaluate();
  };

  test('goes to the logger', () => {
    const watch = watched([errors]);
    broken(watch);
    watch.record(1000);
    watch.evaluate();
    expect(watch.said).toMatchObject([
      { level: 'warn', message: 'An alert fires', details: { rule: 'error_rate', value: 1 } },
      { level: 'warn', message: 'An alert is over' },
    ]);
  });

  test('survives a callback that throws, rejects or hangs', async () => {
    for (const onAlert of [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const watch = watched([errors], { onAlert });
      broken(watch);
      await new Promise(setImmediate);
      expect(watch.said).toContainEqual({
        level: 'error',
        message: 'The callback of alerts failed',
        details: { rule: 'error_rate', state: 'firing', error: 'Error: no' },
      });
    }
    const hanging = jest.fn(() => new Promise(() => undefined));
    const rules = Array.from({ length: 100 }, (_, nth) => ({ ...errors, name: `rule ${nth}` }));
    const watch = watched(rules, { onAlert: hanging });
    broken(watch);
    watch.record(1000);
    watch.evaluate();
    expect(hanging).toHaveBeenCalledTimes(100);
    expect(watch.said.filter(({ level }) => level === 'warn')).toHaveLength(200);
  });

  test('says what fires now', () => {
    const watch = watched([errors]);
    broken(watch);
    expect(watch.alerts.firing()).toMatchObject([{ rule: 'error_rate', state: 'firing' }]);
    watch.record(1000);
    watch.evaluate();
    expect(watch.alerts.firing()).toEqual([]);
  });

  test('ends when it is closed', async () => {
    const watch = watched([errors, { metric: 'breaker_state' }]);
    await watch.alerts.close();
    broken(watch);
    expect(watch.told).toEqual([]);
    expect(watch.events.listenerCount('breaker') + watch.events.listenerCount('storeMode')).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the webhook', () => {
  const secret = 'a secret of 24 bytes, or more';

  test('is sent each alert, signed, in order, and closing waits for it', async () => {
    jest.useRealTimers();
    const { url, received } = await receiver((res, nth) => res.writeHead(nth === 1 ? 500 : 200).end());
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'clearTimeout'],
    });
    const { alerts, record, evaluate } = watched([errors], { webhook: { url, secret, retryDelayMs: 1 } });
    record(10, { status: 500 });
    evaluate();
    record(1000);
    evaluate();
    await alerts.close();
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'alert.firing',
      'alert.firing',
      'alert.resolved',
    ]);
    expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id']);
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(JSON.parse(received[2]?.body ?? '')).toMatchObject({
      timestamp: expect.any(String),
      data: { rule: 'error_rate', state: 'resolved', threshold: 0.05 },
    });
  });

  test('that is away is told of, and hurts nothing', async () => {
    jest.useRealTimers();
    const { url, server } = await receiver();
    server.close();
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'clearTimeout'],
    });
    const { alerts, record, evaluate, said } = watched([errors], { webhook: { url, secret, retries: 0 } });
    record(10, { status: 500 });
    evaluate();
    await alerts.close();
    expect(said).toMatchObject([
      { level: 'warn' },
      { level: 'error', message: 'An alert could not be sent' },
    ]);
    expect(JSON.stringify(said)).not.toContain('127.0.0.1');
  });
});

describe('options', () => {
  test('can be a list of rules alone', () => {
    const { rules, evaluateMs } = resolved([{ metric: 'error_rate', above: 0.05, forMs: 60_000 }]);
    expect(rules).toMatchObject([{ name: 'error_rate', windowMs: 60_000, minimumRequests: 10 }]);
    expect(evaluateMs).toBe(5000);
  });

  const secret = 'hunter2';
  test.each<[string, unknown, string]>([
    ['no threshold', [{ metric: 'latency' }], '`alerts[0].above` must be given, or `below`, got undefined.'],
    [
      'two thresholds',
      [{ metric: 'latency', above: 2, below: 1 }],
      '`alerts[0].below` must be left out where `above` is given, got 1.',
    ],
    [
      'a share over 1',
      [{ metric: 'error_rate', above: 5 }],
      '`alerts[0].above` must be a share of 0 to 1, got 5.',
    ],
    ['another metric', [{ metric: 'errors', above: 5 }], '`alerts[0].metric` must be'],
    [
      'a quantile of something else',
      [{ ...errors, quantile: 0.5 }],
      '`alerts[0].quantile` must be left out for the metric error_rate: it is for latency, got 0.5.',
    ],
    [
      'a state that is none',
      [{ metric: 'breaker_state', is: 'ajar' }],
      '`alerts[0].is` must be open or isolated',
    ],
    [
      'hysteresis the wrong way round',
      [{ ...errors, resolve: 0.5 }],
      '`alerts[0].resolve` must be at most `above`, which is 0.05, got 0.5.',
    ],
    [
      'too low a cost of a subject',
      [{ metric: 'cost_per_hour', below: 1, per: 'subject' }],
      '`alerts[0].below` must be left out for a rule per subject',
    ],
    [
      'a window that would take too much memory',
      { rules: [{ ...errors, windowMs: 3_600_000 }], evaluateMs: 100 },
      '`alerts.rules[0].windowMs` must be 100 to 72000 where the rules are evaluated every 100 ms',
    ],
    [
      'a negative threshold',
      [{ metric: 'latency', above: -1 }],
      '`alerts[0].above` must be at least 0, got -1.',
    ],
    ['no rules', [], '`alerts` must have at least 1 entry'],
    [
      'an unknown option',
      [{ ...errors, forms: 1 }],
      '`alerts[0].forms`: unknown option. Did you mean `forMs`?',
    ],
    [
      'a short secret',
      { rules: [errors], webhook: { url: 'https://a.example', secret } },
      '`alerts.webhook.secret` must be 24 to 64 bytes',
    ],
  ])('refuse %s', (_name, options, message) => {
    expect(() => resolved(options)).toThrow(ConfigError);
    expect(() => resolved(options)).toThrow(message);
    expect(() => resolved(options)).not.toThrow(secret);
  });
});
