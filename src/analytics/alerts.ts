import type { BreakerEvent, StoreModeEvent } from '../core/events.js';
import type { Alert } from './alert.js';
import { Conditions } from './alert-conditions.js';
import { type Measure, type RequestMeasure, wholeMeasure } from './alert-measure.js';
import { AlertNotifier } from './alert-notifier.js';
import type { AlertSurroundings, ResolvedAlerts } from './alert-options.js';
import { EvaluatedRule } from './alert-rule.js';
import type { ResolvedRule } from './alert-rule-options.js';
import { SubjectCosts } from './alert-subjects.js';
import type { RequestEvent } from './request-event.js';

/** A request of this service and tier is of interest to a measure; undefined means any. */
interface Listener {
  readonly service: string | undefined;
  readonly tier: string | undefined;
  readonly measure: RequestMeasure;
}

/**
 * Watches rules, and tells when one begins to be broken and when that is over. Rules are evaluated on windows, by a timer;
 * recording a request adds to a few numbers. Memory is bounded by the options.
 */
export class Alerts {
  readonly #rules: EvaluatedRule[] = [];
  readonly #listeners: Listener[] = [];
  readonly #breakers: Conditions[] = [];
  readonly #stores: Conditions[] = [];
  readonly #notifier: AlertNotifier;
  readonly #options: ResolvedAlerts;
  readonly #surroundings: AlertSurroundings;
  readonly #timer: NodeJS.Timeout;
  #evaluatedAt = performance.now();

  constructor(options: ResolvedAlerts, surroundings: AlertSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#notifier = new AlertNotifier(options, surroundings.logger);
    for (const rule of options.rules) this.#rules.push(new EvaluatedRule(rule, this.#measure(rule)));
    surroundings.events?.on('breaker', this.#breakerChanged);
    surroundings.events?.on('storeMode', this.#storeChanged);
    this.#timer = setInterval(() => this.#evaluate(), options.evaluateMs).unref();
  }

  /** Takes a request into account. */
  record(event: RequestEvent): void {
    for (const { service, tier, measure } of this.#listeners) {
      if (service !== undefined && service !== event.service) continue;
      if (tier !== undefined && tier !== event.tier) continue;
      measure.record(event);
    }
  }

  /** What fires now. */
  firing(): Alert[] {
    return this.#rules.flatMap((rule) => rule.firing());
  }

  /** Stops evaluating, and waits, for 5 s at most, for what is being sent. Never rejects. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    this.#surroundings.events?.off('breaker', this.#breakerChanged);
    this.#surroundings.events?.off('storeMode', this.#storeChanged);
    return this.#notifier.close();
  }

  readonly #breakerChanged = ({ key, to }: BreakerEvent): void => {
    for (const conditions of this.#breakers) conditions.set(key, to);
  };

  readonly #storeChanged = ({ store, mode }: StoreModeEvent): void => {
    for (const conditions of this.#stores) conditions.set(store, mode);
  };

  /**
   * A pause (a process that was stopped, a laptop that slept) counts as two evaluations at most: nothing has been so for
   * hours only because nobody looked.
   */
  #evaluate(): void {
    const now = performance.now();
    const spanMs = Math.min(Math.max(0, now - this.#evaluatedAt), 2 * this.#options.evaluateMs);
    this.#evaluatedAt = now;
    for (const rule of this.#rules) {
      for (const alert of rule.evaluate(spanMs)) this.#notifier.notify(alert);
    }
  }

  #measure(rule: ResolvedRule): Measure {
    const { metric, service, tier } = rule;
    const { evaluateMs, maxSubjects } = this.#options;
    if (metric === 'breaker_state')
      return kept(this.#breakers, new Conditions('closed', service, maxSubjects));
    if (metric === 'store_mode') return kept(this.#stores, new Conditions('shared', service, maxSubjects));
    const slots = Math.ceil(rule.windowMs / evaluateMs);
    const measure =
      rule.per === 'subject'
        ? new SubjectCosts(rule.windowMs, slots, maxSubjects)
        : wholeMeasure(rule, metric, slots);
    this.#listeners.push({ service, tier, measure });
    return measure;
  }
}

function kept<Item>(list: Item[], item: Item): Item {
  list.push(item);
  return item;
}
