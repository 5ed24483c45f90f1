/** The value that stands for all that came after a label had as many as it may have. */
const OTHER = 'other';

/** A label whose set of values is bounded, whatever clients send. */
export class BoundedLabel {
  readonly #values: Set<string>;
  readonly #max: number;

  constructor(max: number, known: Iterable<string> = []) {
    this.#values = new Set(known);
    this.#max = Math.max(max, this.#values.size);
  }

  /** The value itself, or `other`. */
  of(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= this.#max) return OTHER;
    this.#values.add(value);
    return value;
  }
}
