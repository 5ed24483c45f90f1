import { LRUCache } from 'lru-cache';
import { ServiceUnavailableError } from '../core/errors.js';
import { isThenable } from '../core/thenable.js';
import type { ApiKeyRecord, ApiKeyStore, MaybeLater } from './api-key-store.js';

/** How often keys were known without asking. */
export interface KnownKeysCounts {
  readonly hits: number;
  readonly misses: number;
  readonly entries: number;
}

/** How the look-up of keys is bounded. Times are milliseconds. */
export interface KnownKeysOptions {
  readonly maxEntries: number;
  /** How long a record is trusted without asking; how long a key that is unknown stays so. */
  readonly ttlMs: number;
  /** How long a record goes on working while the store can't be asked. */
  readonly staleIfErrorMs: number;
  /** Whether the store has the keys in memory, and nothing else of them is to be remembered. */
  readonly isAtHand?: boolean;
}

interface Entry {
  readonly record: ApiKeyRecord;
  readonly at: number;
  /** Whether it may have changed since. */
  doubtful: boolean;
}

/**
 * Keys that have been looked up: verification costs no look-up, and a guess costs one at most. Bounded. A change
 * that the store tells of takes effect at once, any other within the time to live.
 */
export class KnownKeys {
  readonly #store: ApiKeyStore;
  readonly #options: KnownKeysOptions;
  readonly #known: LRUCache<string, Entry>;
  readonly #unknown: LRUCache<string, number>;
  readonly #asked = new Map<string, Promise<ApiKeyRecord | undefined>>();

  #hits = 0;
  #misses = 0;

  constructor(store: ApiKeyStore, options: KnownKeysOptions) {
    this.#store = store;
    this.#options = options;
    this.#known = new LRUCache({ max: options.maxEntries });
    this.#unknown = new LRUCache({ max: options.maxEntries });
    store.watch?.((id) => this.forget(id));
  }

  /** How often the store had to be asked, and how many keys are remembered; undefined where all are at hand. */
  get counts(): KnownKeysCounts | undefined {
    if (this.#options.isAtHand) return undefined;
    return { hits: this.#hits, misses: this.#misses, entries: this.#known.size + this.#unknown.size };
  }

  /** The record with this SHA-256, where it can be had and trusted at once. */
  trusted(hash: string): ApiKeyRecord | undefined {
    if (this.#options.isAtHand) return this.#store.find({ hash }) as ApiKeyRecord | undefined;
    const known = this.#known.get(hash);
    if (known === undefined || known.doubtful || !this.#isFresh(known.at)) return undefined;
    this.#hits += 1;
    return known.record;
  }

  /** The record with this SHA-256. A store that answers at once is asked each time. */
  find(hash: string): MaybeLater<ApiKeyRecord | undefined> {
    const trusted = this.trusted(hash);
    if (trusted) return trusted;
    const unknownSince = this.#unknown.get(hash);
    if (unknownSince !== undefined && this.#isFresh(unknownSince)) {
      this.#hits += 1;
      return undefined;
    }
    this.#misses += 1;
    const asked = this.#asked.get(hash);
    if (asked) return asked;
    try {
      const found = this.#store.find({ hash });
      return isThenable(found) ? this.#ask(hash, found) : found;
    } catch (cause) {
      return this.#stale(hash, cause);
    }
  }

  /** Whether a key is known without waiting: whoever has it has authenticated before, or its store is at hand. */
  has(hash: string): boolean {
    return this.#known.has(hash) || this.trusted(hash) !== undefined;
  }

  /** Forgets a key that has changed; with undefined, doubts all. What is on its way is not kept. */
  forget(id: string | undefined): void {
    this.#asked.clear();
    this.#unknown.clear();
    for (const [hash, entry] of this.#known.entries()) {
      if (id === undefined) entry.doubtful = true;
      else if (entry.record.id === id) this.#known.delete(hash);
    }
  }

  #isFresh(since: number): boolean {
    return performance.now() - since < this.#options.ttlMs;
  }

  #ask(hash: string, answer: PromiseLike<ApiKeyRecord | undefined>): Promise<ApiKeyRecord | undefined> {
    const asked: Promise<ApiKeyRecord | undefined> = Promise.resolve(answer).then(
      (record) => {
        if (this.#asked.get(hash) === asked) this.#keep(hash, record);
        return record ?? undefined;
      },
      (cause) => {
        if (this.#asked.get(hash) === asked) this.#asked.delete(hash);
        return this.#stale(hash, cause);
      },
    );
    this.#asked.set(hash, asked);
    return asked;
  }

  #keep(hash: string, record: ApiKeyRecord | undefined): void {
    this.#asked.delete(hash);
    const at = performance.now();
    if (record) this.#known.set(hash, { record, at, doubtful: false });
    else {
      this.#known.delete(hash);
      this.#unknown.set(hash, at);
    }
  }

  /** While the store can't be asked, a key that was known goes on working for a while; an unknown one is not let in. */
  #stale(hash: string, cause: unknown): ApiKeyRecord {
    const known = this.#known.get(hash);
    if (known && performance.now() - known.at < this.#options.staleIfErrorMs) return known.record;
    throw new ServiceUnavailableError('authentication', 1, cause);
  }
}
