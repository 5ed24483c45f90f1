import { type ApiKeyPage, type ApiKeyRecord, type ApiKeyStore, hashesOf } from './api-key-store.js';

/** Keys in this process's memory: gone when it ends. */
export class MemoryApiKeyStore implements ApiKeyStore {
  /** In the order in which they were made. */
  readonly #byId = new Map<string, ApiKeyRecord>();
  readonly #idByHash = new Map<string, string>();
  readonly #used = new Map<string, number>();

  constructor(records: Iterable<ApiKeyRecord> = []) {
    for (const record of records) this.save(record);
  }

  find(by: { hash: string } | { id: string }): ApiKeyRecord | undefined {
    const id = 'id' in by ? by.id : this.#idByHash.get(by.hash);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  save(record: ApiKeyRecord, former?: ApiKeyRecord): boolean {
    const replaced = this.#byId.get(record.id);
    if (former !== undefined && former !== replaced) return false;
    for (const hash of replaced ? hashesOf(replaced) : []) this.#idByHash.delete(hash);
    for (const hash of hashesOf(record)) this.#idByHash.set(hash, record.id);
    this.#byId.set(record.id, record);
    return true;
  }

  list({ limit, cursor }: { limit: number; cursor?: string | undefined }): ApiKeyPage | undefined {
    const all = [...this.#byId.values()];
    const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && from === 0) return undefined;
    const records = all.slice(from, from + limit);
    return { records, cursor: from + limit < all.length ? records.at(-1)?.id : undefined };
  }

  touch(used: ReadonlyMap<string, number>): void {
    for (const [id, at] of used) if (this.#byId.has(id)) this.#used.set(id, at);
  }

  lastUsed(ids: readonly string[]): ReadonlyMap<string, number> {
    return new Map(ids.flatMap((id) => (this.#used.has(id) ? [[id, this.#used.get(id) as number]] : [])));
  }
}
