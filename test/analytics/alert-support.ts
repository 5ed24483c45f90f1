import { jest } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import type { Alert } from '../../src/analytics/alert.js';
import { type AlertRule, alertsOption, resolveAlerts } from '../../src/analytics/alert-options.js';
import { Alerts } from '../../src/analytics/alerts.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import { checkOptions } from '../../src/core/options.js';
import { cleanup } from '../helpers.js';
import { event, lines } from './sink-support.js';

/** How often rules are evaluated by default. */
export const EVALUATE_MS = 5000;

/** Options with their defaults. */
export const resolved = (options: unknown) => resolveAlerts(checkOptions('alerts', alertsOption, options));

/** Alerts on a clock that stands still until it is told. */
export function watched(rules: AlertRule[], more: object = {}) {
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

/** A rule that many tests are content with. */
export const errors = { metric: 'error_rate', above: 0.05 } as const;
