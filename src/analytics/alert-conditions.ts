import type { Measure } from './alert-measure.js';

/** The conditions that breakers, or stores, are in, as far as they are not the usual one. Bounded. */
export class Conditions implements Measure {
  readonly #usual: string;
  readonly #only: string | undefined;
  readonly #max: number;
  readonly #unusual = new Map<string, string>();

  /** @param only the one whose condition is of interest; undefined for all */
  constructor(usual: string, only: string | undefined, max: number) {
    this.#usual = usual;
    this.#only = only;
    this.#max = max;
  }

  set(key: string, condition: string): void {
    if (this.#only !== undefined && key !== this.#only) return;
    if (condition === this.#usual) this.#unusual.delete(key);
    else if (this.#unusual.size < this.#max || this.#unusual.has(key)) this.#unusual.set(key, condition);
  }

  keys(): Iterable<string> {
    return this.#unusual.keys();
  }

  read(key: string): string {
    return this.#unusual.get(key) ?? this.#usual;
  }

  pass(): void {
    // They hold until they change, however long that is.
  }

  turn(): void {
    // Nothing goes out of sight.
  }
}
