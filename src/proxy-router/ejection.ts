import type { ResolvedEjection } from './resilience-options.js';
import type { Target } from './target.js';

interface Record {
  failures: number;
  ejections: number;
}

/**
 * Takes targets out that fail several requests in a row. Each time in succession it is for longer; never are more out
 * than their largest share, so that what hurts all of them alike leaves some.
 */
export class Ejection {
  readonly #options: ResolvedEjection;
  readonly #records = new WeakMap<Target, Record>();

  constructor(options: ResolvedEjection) {
    this.#options = options;
  }

  /** Notes how a request ended on a target, and says whether it was taken out for it. */
  note(target: Target, failed: boolean, all: readonly Target[], now: number): boolean {
    const record = this.#recordOf(target);
    if (!failed) {
      record.failures = 0;
      record.ejections = 0;
      return false;
    }
    record.failures += 1;
    const { failures, baseMs, maxMs } = this.#options;
    if (record.failures < failures || target.ejectedUntil > now || !this.#mayEject(all, now)) return false;
    record.failures = 0;
    record.ejections += 1;
    target.ejectedUntil = now + Math.min(maxMs, baseMs * record.ejections);
    return true;
  }

  #mayEject(all: readonly Target[], now: number): boolean {
    const out = all.filter(({ ejectedUntil }) => ejectedUntil > now).length;
    return out + 1 <= all.length * this.#options.maxShare;
  }

  #recordOf(target: Target): Record {
    let record = this.#records.get(target);
    if (record === undefined) {
      record = { failures: 0, ejections: 0 };
      this.#records.set(target, record);
    }
    return record;
  }
}
