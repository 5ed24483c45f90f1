import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';

/** How often the store is told, in milliseconds. */
const FLUSH_MS = 5000;
/** How many keys may have been used between two times; of more, some are not noted. */
const MAX_KEYS = 10_000;

/** When keys were last used, written to the store in batches: a request never waits for it. */
export class UseLog {
  readonly #store: ApiKeyStore;
  #used = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: ApiKeyStore) {
    this.#store = store;
  }

  note({ id }: ApiKeyRecord): void {
    if (this.#store.touch === undefined) return;
    if (this.#used.size < MAX_KEYS || this.#used.has(id)) this.#used.set(id, Date.now());
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const used = this.#used;
    if (used.size === 0) return;
    this.#used = new Map();
    try {
      await this.#store.touch?.(used);
    } catch {
      // It is for information: the next use is noted anew.
    }
  }
}
