import { LRUCache } from 'lru-cache';
import { Behaviour } from './behaviour.js';
import { type CompiledLimits, policyField } from './limits.js';
import type { ResolvedBehaviour } from './options.js';
import type { QuotaWindow } from './quota-store.js';

/**
 * Limits that are tightened for a subject which departs from its own history. There are a few steps of tightening
 * only, and each set of limits is scaled once for each, so that stores see the same objects again and again.
 */
export class BehaviourLimits {
  readonly #config: ResolvedBehaviour;
  readonly #subjects: LRUCache<string, Behaviour>;
  readonly #now: () => number;
  /** What limits are multiplied with, by level: 1, 1/2, 1/4... down to `minFactor`. */
  readonly #factors: readonly number[];
  readonly #scaled = new WeakMap<CompiledLimits, CompiledLimits[]>();

  /** @param now a clock that never goes back, in milliseconds */
  constructor(config: ResolvedBehaviour, maxSubjects: number, now = () => performance.now()) {
    this.#config = config;
    this.#subjects = new LRUCache({ max: maxSubjects });
    this.#now = now;
    const factors = [1];
    for (let factor = 1; factor > config.minFactor; ) {
      factor = Math.max(config.minFactor, factor / 2);
      factors.push(factor);
    }
    this.#factors = factors;
  }

  /** Counts a request, whether it will be admitted or not, and gives the limits that hold for it. */
  limitsFor(subject: string, limits: CompiledLimits, points: number): CompiledLimits {
    const now = this.#now();
    let behaviour = this.#subjects.get(subject);
    if (behaviour === undefined) {
      behaviour = new Behaviour(this.#config, now);
      this.#subjects.set(subject, behaviour);
    }
    behaviour.use(points, now, this.#factors.length - 1);
    return this.#at(behaviour.level, limits);
  }

  /** The limits that hold for a subject now. */
  limitsNow(subject: string, limits: CompiledLimits): CompiledLimits {
    const behaviour = this.#subjects.peek(subject);
    behaviour?.advance(this.#now());
    return this.#at(behaviour?.level ?? 0, limits);
  }

  #at(level: number, limits: CompiledLimits): CompiledLimits {
    if (level === 0) return limits;
    let byLevel = this.#scaled.get(limits);
    if (byLevel === undefined) {
      byLevel = this.#factors.map((factor) => scaledLimits(limits, factor));
      this.#scaled.set(limits, byLevel);
    }
    return byLevel[level] as CompiledLimits;
  }
}

/**
 * Only windows up to a minute are scaled. An hour's or a day's count holds what was used long before: whoever has used
 * half of it as usual would be refused everything, and told to wait for hours, for a departure of seconds.
 */
const LONGEST_SCALED_MS = 60_000;

function scaledLimits(limits: CompiledLimits, factor: number): CompiledLimits {
  const scale = (limit: number): number => Math.max(1, Math.floor(limit * factor));
  const windows = limits.windows.map((window): QuotaWindow => {
    if (window.windowMs > LONGEST_SCALED_MS) return window;
    const capacity = window.capacity === undefined ? undefined : scale(window.capacity);
    return { ...window, limit: scale(window.limit), capacity };
  });
  return { windows, concurrent: limits.concurrent, policyField: policyField(windows, limits.concurrent) };
}
