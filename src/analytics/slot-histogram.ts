/** Eight buckets for each doubling: a quantile is off by at most 5 %. */
const PER_DOUBLING = 8;
const LEAST_MS = 0.5;
/** The last bucket begins at about nine minutes; what took longer is in it, too. */
const BUCKETS = 20 * PER_DOUBLING + 1;

function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * PER_DOUBLING));
}

/** How long what the last so many slots of time have seen took: a histogram of logarithmic buckets, of fixed size. */
export class SlotHistogram {
  readonly #slots: Uint32Array;
  readonly #sums = new Uint32Array(BUCKETS);
  readonly #size: number;
  #at = 0;
  #count = 0;

  /** @param size how many slots there are, the one under way included */
  constructor(size: number) {
    this.#size = size;
    this.#slots = new Uint32Array(this.#size * BUCKETS);
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = bucketOf(ms);
    const place = this.#at * BUCKETS + bucket;
    this.#slots[place] = (this.#slots[place] ?? 0) + 1;
    this.#sums[bucket] = (this.#sums[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  /** Begins a new slot in place of the oldest. */
  turn(): void {
    this.#at = (this.#at + 1) % this.#size;
    const first = this.#at * BUCKETS;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const gone = this.#slots[first + bucket] ?? 0;
      this.#sums[bucket] = (this.#sums[bucket] ?? 0) - gone;
      this.#count -= gone;
    }
    this.#slots.fill(0, first, first + BUCKETS);
  }

  /** The value, in milliseconds, that this share of them does not exceed (nearest rank). */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      seen += this.#sums[bucket] ?? 0;
      if (seen >= rank) break;
      bucket += 1;
    }
    // The middle of the bucket, on its own scale.
    return bucket === 0 ? LEAST_MS : LEAST_MS * 2 ** ((bucket - 0.5) / PER_DOUBLING);
  }
}
