import type { Alert } from './alert.js';
import type { Measure } from './alert-measure.js';
import type { ResolvedRule } from './alert-rule-options.js';
import { AlertState, type Verdict } from './alert-state.js';

interface Instance {
  readonly state: AlertState;
  /** When it began to fire. */
  since: string;
  last: Alert | undefined;
}

/** One rule, and where the alert of each thing that it judges stands. */
export class EvaluatedRule {
  readonly #rule: ResolvedRule;
  readonly #measure: Measure;
  readonly #instances = new Map<string, Instance>();

  constructor(rule: ResolvedRule, measure: Measure) {
    this.#rule = rule;
    this.#measure = measure;
  }

  /** Judges everything there is, and gives what must be told. */
  evaluate(spanMs: number): Alert[] {
    const told: Alert[] = [];
    this.#measure.pass(spanMs);
    for (const key of new Set([...this.#measure.keys(), ...this.#instances.keys()])) {
      const alert = this.#step(key, spanMs);
      if (alert) told.push(alert);
    }
    this.#measure.turn();
    return told;
  }

  /** What fires now. */
  firing(): Alert[] {
    return [...this.#instances.values()].flatMap(({ state, last }) => (state.isFiring && last ? [last] : []));
  }

  #step(key: string, spanMs: number): Alert | undefined {
    const value = this.#measure.read(key);
    const verdict = this.#verdict(value);
    const instance = this.#instances.get(key) ?? { state: new AlertState(), since: '', last: undefined };
    const change = instance.state.step(verdict, spanMs, this.#rule.forMs, this.#rule.windowMs);
    if (instance.state.isQuiet) this.#instances.delete(key);
    else this.#instances.set(key, instance);
    if (change === undefined) return undefined;
    const at = new Date().toISOString();
    if (change === 'firing') instance.since = at;
    instance.last = this.#alert(key, { state: change, value, since: instance.since, at });
    return instance.last;
  }

  #verdict(value: number | string | undefined): Verdict {
    if (value === undefined) return 'unknown';
    if (typeof value === 'string') return this.#isMeant(value) ? 'beyond' : 'back';
    const { above, below, resolve } = this.#rule;
    if (above !== undefined) {
      if (value > above) return 'beyond';
      return value <= (resolve ?? above) ? 'back' : 'between';
    }
    if (below !== undefined && value < below) return 'beyond';
    return value >= (resolve ?? below ?? 0) ? 'back' : 'between';
  }

  #isMeant(condition: string): boolean {
    const { metric, is } = this.#rule;
    if (metric === 'store_mode') return is === undefined ? condition !== 'shared' : condition === is;
    // A breaker that is half-open is not closed yet.
    return is === 'isolated' ? condition === is : condition === 'open' || condition === 'half-open';
  }

  #alert(key: string, now: Pick<Alert, 'state' | 'value' | 'since' | 'at'>): Alert {
    const { name, metric, above, below, is, service, tier, per } = this.#rule;
    const usual = metric === 'store_mode' ? 'not shared' : 'open';
    const isNamed = key !== '' && per === undefined;
    return {
      rule: name,
      metric,
      ...now,
      threshold: above ?? below ?? is ?? usual,
      service: isNamed ? key : service,
      tier,
      subject: per === undefined ? undefined : key,
    };
  }
}
