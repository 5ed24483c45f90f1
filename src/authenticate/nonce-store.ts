/** Where it is remembered which nonces have been used, so that a signed request counts once. */
export interface NonceStore {
  /**
   * Remembers a nonce for `ttlMs` milliseconds at least, in one step: true if it is new, false if it is remembered
   * already. It throws, or rejects, where it can't tell; the request is then refused with 503.
   *
   * @param key 43 characters that stand for the key's id and the nonce
   */
  remember(key: string, ttlMs: number): boolean | PromiseLike<boolean>;
}

/** Options of {@link MemoryNonceStore}. */
export interface MemoryNonceStoreOptions {
  /**
   * How many nonces are remembered at most; while it is full, signed requests are refused with 503. A nonce takes
   * about 100 bytes and is kept for two to three times `maxSkewSeconds`. Default 1,000,000: 1,200 requests a second.
   */
  readonly maxNonces?: number | undefined;
}

/** Into how many slices time is cut: what is forgotten is forgotten by the slice, without a timer or a search. */
const SLICES = 4;

/** Nonces in this process's memory: enough for one process. */
export class MemoryNonceStore implements NonceStore {
  readonly #maxNonces: number;
  /** The newest first. */
  readonly #slices: Set<string>[] = Array.from({ length: SLICES }, () => new Set());
  #sliceMs = 0;
  /** When the newest was begun. */
  #since = performance.now();

  constructor({ maxNonces = 1_000_000 }: MemoryNonceStoreOptions = {}) {
    this.#maxNonces = maxNonces;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#slices.reduce((sum, slice) => sum + slice.size, 0);
  }

  /** @throws Error while it is full: what it forgot could be used again */
  remember(key: string, ttlMs: number): boolean {
    this.#sliceMs = Math.max(this.#sliceMs, ttlMs / (SLICES - 1));
    this.#advance();
    if (this.#slices.some((slice) => slice.has(key))) return false;
    if (this.size >= this.#maxNonces) throw new Error(`No room for more than ${this.#maxNonces} nonces`);
    this.#slices[0]?.add(key);
    return true;
  }

  #advance(): void {
    const passed = Math.floor((performance.now() - this.#since) / this.#sliceMs);
    this.#since += passed * this.#sliceMs;
    for (let each = 0; each < Math.min(passed, SLICES); each += 1) {
      this.#slices.pop();
      this.#slices.unshift(new Set());
    }
  }
}
