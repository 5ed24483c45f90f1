/** What an alert can be about. */
export type AlertMetric =
  | 'error_rate'
  | 'latency'
  | 'request_rate'
  | 'cost_per_hour'
  | 'breaker_state'
  | 'store_mode';

/** An alert that has begun to fire, or is over. */
export interface Alert {
  /** The rule's name. */
  readonly rule: string;
  readonly metric: AlertMetric;
  readonly state: 'firing' | 'resolved';
  /**
   * What was measured: a share for `error_rate`, milliseconds for `latency`, requests a second for `request_rate`, dollars
   * for `cost_per_hour`; the state or mode for the others. Undefined where too little is known.
   */
  readonly value: number | string | undefined;
  /** What it was compared with. */
  readonly threshold: number | string;
  /** What the rule is limited to, or the breaker or store that it is about. */
  readonly service: string | undefined;
  readonly tier: string | undefined;
  /** Whose cost it is, where the rule is per subject. */
  readonly subject: string | undefined;
  /** ISO 8601, UTC: when it began to fire. */
  readonly since: string;
  /** ISO 8601, UTC: when this was said. */
  readonly at: string;
}
