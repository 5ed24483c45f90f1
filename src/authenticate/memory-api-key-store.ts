import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';

/** Keys in this process's memory: gone when it ends. */
export class MemoryApiKeyStore implements ApiKeyStore {
  readonly #byHash = new Map<string, ApiKeyRecord>();
  readonly #hashById = new Map<string, string>();

  constructor(records: Iterable<ApiKeyRecord> = []) {
    for (const record of records) this.save(record);
  }

  find(hash: string): ApiKeyRecord | undefined {
    return this.#byHash.get(hash);
  }

  save(record: ApiKeyRecord): void {
    const former = this.#hashById.get(record.id);
    if (former !== undefined) this.#byHash.delete(former);
    this.#hashById.set(record.id, record.hash);
    this.#byHash.set(record.hash, record);
  }
}
