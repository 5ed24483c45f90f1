import { bucketOf, LATENCY_BUCKETS, quantileOf } from './latency-buckets.js';

/** How long what the last so many slots of time have seen took, in a histogram of fixed size. */
export class SlotHistogram {
  readonly #slots: Uint32Array;
  readonly #sums = new Float64Array(LATENCY_BUCKETS);
  readonly #size: number;
  #at = 0;
  #count = 0;

  /** @param size how many slots there are, the one under way included */
  constructor(size: number) {
    this.#size = size;
    this.#slots = new Uint32Array(size * LATENCY_BUCKETS);
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = bucketOf(ms);
    const place = this.#at * LATENCY_BUCKETS + bucket;
    this.#slots[place] = (this.#slots[place] ?? 0) + 1;
    this.#sums[bucket] = (this.#sums[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  /** Begins a new slot in place of the oldest. */
  turn(): void {
    this.#at = (this.#at + 1) % this.#size;
    const first = this.#at * LATENCY_BUCKETS;
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
      const gone = this.#slots[first + bucket] ?? 0;
      this.#sums[bucket] = (this.#sums[bucket] ?? 0) - gone;
      this.#count -= gone;
    }
    this.#slots.fill(0, first, first + LATENCY_BUCKETS);
  }

  /** The duration, in milliseconds, that such a share of them does not exceed, within 5 %. */
  quantile(share: number): number {
    return quantileOf(this.#sums, share);
  }
}
