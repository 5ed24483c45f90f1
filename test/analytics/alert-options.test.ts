import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { alertsOption, resolveAlerts } from '../../src/analytics/alert-options.js';
import { checkOptions } from '../../src/core/options.js';
import { errors, resolved } from './alert-support.js';

describe('options', () => {
  test('can be a list of rules alone', () => {
    const { rules, evaluateMs } = resolved([{ metric: 'error_rate', above: 0.05, forMs: 60_000 }]);
    expect(rules).toMatchObject([{ name: 'error_rate', windowMs: 60_000, minimumRequests: 10 }]);
    expect(evaluateMs).toBe(5000);
  });

  test('say the same when they are checked twice', () => {
    const given = { rules: [errors, { metric: 'latency', above: 1 }, { metric: 'store_mode' }] };
    const once = checkOptions('alerts', alertsOption, given);
    expect(resolveAlerts(checkOptions('alerts', alertsOption, once))).toEqual(resolveAlerts(once));
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
