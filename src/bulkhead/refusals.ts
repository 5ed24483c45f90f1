import { OVERFLOW } from './bulkheads.js';
import type { Refusal } from './places.js';

type Counts = Record<Refusal, number>;

/** How many requests got no place, by their bulkhead and the reason: no more bulkheads than there may be, and one. */
export class Refusals {
  readonly #counts = new Map<string, Counts>();
  readonly #max: number;

  constructor(maxBulkheads: number) {
    this.#max = maxBulkheads;
  }

  count(key: string, why: Refusal): void {
    const counts = this.#counts.get(key);
    if (counts !== undefined) counts[why] += 1;
    else if (key === OVERFLOW || this.#counts.size < this.#max) {
      this.#counts.set(key, { full: 0, timeout: 0, closed: 0, [why]: 1 });
    } else this.count(OVERFLOW, why);
  }

  /** Bulkheads that have refused anything. */
  [Symbol.iterator](): Iterator<[string, Readonly<Counts>]> {
    return this.#counts.entries();
  }
}
