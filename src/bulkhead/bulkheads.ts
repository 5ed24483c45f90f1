import type { ResolvedBulkhead, ResolvedLimits } from './options.js';
import { Places } from './places.js';

/** The key that is shared by all that find no room. */
export const OVERFLOW = 'other';

/** Longer keys are not kept. */
const MAX_KEY_LENGTH = 256;

/** One bulkhead for each key that is in use; never more than `maxBulkheads` and one. */
export class Bulkheads {
  readonly #places = new Map<string, Places>();
  readonly #max: number;

  constructor({ maxBulkheads }: Pick<ResolvedBulkhead, 'maxBulkheads'>) {
    this.#max = maxBulkheads;
  }

  /** The bulkhead of a key, or the one that is shared by those that have none, and what it is called. */
  for(key: string, limits: ResolvedLimits): [string, Places] {
    const known = this.#places.get(key);
    if (known) return [key, known];
    const hasRoom = key === OVERFLOW || (this.#places.size < this.#max && key.length <= MAX_KEY_LENGTH);
    if (!hasRoom) return this.for(OVERFLOW, limits);
    const places: Places = new Places(limits, () => this.#changed(key, places));
    this.#places.set(key, places);
    return [key, places];
  }

  [Symbol.iterator](): Iterator<[string, Places]> {
    return this.#places.entries();
  }

  /** One that is empty need not be remembered. */
  #changed(key: string, { running, queued }: Places): void {
    if (running === 0 && queued === 0) this.#places.delete(key);
  }
}
