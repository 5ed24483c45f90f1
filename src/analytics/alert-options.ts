import { z } from 'zod';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { functionOption } from '../core/options.js';
import type { Alert, AlertMetric } from './alert.js';
import { alertRuleSchema, resolveRule, windowOf } from './alert-rule-options.js';
import { HOUR_MS } from './time-spans.js';
import { type WebhookOptions, webhookSchema } from './webhook-options.js';

/** When an alert fires. */
export interface AlertRule {
  /** What it is called in the alert. Default: its metric. */
  readonly name?: string | undefined;
  /** What is looked at. */
  readonly metric: AlertMetric;
  /**
   * Fires above this value: a share of 0 to 1 for `error_rate`, milliseconds for `latency`, requests a second for
   * `request_rate`, dollars for `cost_per_hour`. Exactly one of `above` and `below`, and neither for the other metrics.
   */
  readonly above?: number | undefined;
  /** Fires below this value, once a whole window has been seen. */
  readonly below?: number | undefined;
  /** Hysteresis: it is over when the value is back at this one. Default: the threshold itself. */
  readonly resolve?: number | undefined;
  /** Which quantile of `latency`: above 0, below 1. Default 0.95. */
  readonly quantile?: number | undefined;
  /**
   * Which state of `breaker_state` fires: `open` (the default; until it is closed again, so half-open too) or `isolated`.
   * Which mode of `store_mode` does: `local`, `open` or `closed`; default: any but `shared`.
   */
  readonly is?: string | undefined;
  /** Only requests for this service, or only the breaker, or the store, of this name. Default: all. */
  readonly service?: string | undefined;
  /** Only requests of this tier. Default: all. */
  readonly tier?: string | undefined;
  /** `cost_per_hour` of each subject by itself, in place of the whole. */
  readonly per?: 'subject' | undefined;
  /**
   * What is looked at: the last so many milliseconds. At least `evaluateMs`, at most 720 times as much and an hour. Default
   * 60,000; for `cost_per_hour` 3,600,000, and a shorter window is projected to an hour.
   */
  readonly windowMs?: number | undefined;
  /** How long it must be so before it fires, in milliseconds. Default 0. */
  readonly forMs?: number | undefined;
  /** With fewer requests in the window `error_rate` and `latency` say nothing. A positive integer. Default 10. */
  readonly minimumRequests?: number | undefined;
}

/** Rules, and who is told. In a file, a list of rules alone will do. */
export interface AlertOptions {
  /** At most 100. */
  readonly rules: readonly AlertRule[];
  /** How often the rules are evaluated, in milliseconds: 100 to 60,000. Default 5,000. */
  readonly evaluateMs?: number | undefined;
  /** How many subjects, breakers and stores a rule tells apart; further subjects count as one, `other`. At most 10,000. Default 1,000. */
  readonly maxSubjects?: number | undefined;
  /** Is sent `{"type":"alert.firing","timestamp":...,"data":{...}}`, and `alert.resolved`, signed as `webhookSink()` does. */
  readonly webhook?: WebhookOptions | undefined;
  /** Is called with each alert that begins to fire, or is over. What it throws is logged; nobody waits for it. */
  readonly onAlert?: ((alert: Alert) => unknown) | undefined;
}

/** What alerts listen and write to. */
export interface AlertSurroundings {
  readonly logger: Logger;
  readonly events?: GatewayEvents | undefined;
}

const MOST_SLOTS = 720;

const rules = z.array(alertRuleSchema).min(1).max(100);

const full = z
  .strictObject({
    rules,
    evaluateMs: z.int().min(100).max(60_000).default(5000),
    maxSubjects: z.int().positive().max(10_000).default(1000),
    webhook: webhookSchema.optional(),
    onAlert: functionOption<(alert: Alert) => unknown>().optional(),
  })
  .superRefine(({ rules, evaluateMs }, check) => {
    const most = Math.min(HOUR_MS, MOST_SLOTS * evaluateMs);
    rules.forEach((rule, index) => {
      const windowMs = windowOf(rule);
      if (windowMs >= evaluateMs && windowMs <= most) return;
      const message = `must be ${evaluateMs} to ${most} where the rules are evaluated every ${evaluateMs} ms`;
      check.addIssue({ code: 'custom', path: ['rules', index, 'windowMs'], message });
    });
  });

/** `alerts`, wherever it is an option: the whole, or a list of rules alone. */
export const alertsOption = z.union([rules, full]);

/** A list of rules as the whole, and all with their defaults. */
export function resolveAlerts(given: z.output<typeof alertsOption>) {
  const whole = Array.isArray(given) ? full.parse({ rules: given }) : given;
  return { ...whole, rules: whole.rules.map(resolveRule) };
}

/** Rules and who is told, with their defaults. */
export type ResolvedAlerts = ReturnType<typeof resolveAlerts>;
