import type { RedisClient } from '../redis/client.js';
import { RedisScript } from '../redis/script.js';
import { subscriberOf } from '../redis/subscriber.js';
import { type ApiKeyPage, type ApiKeyRecord, type ApiKeyStore, hashesOf } from './api-key-store.js';
import { storedRecord } from './stored-options.js';

/** Options of {@link RedisApiKeyStore}. */
export interface RedisApiKeyStoreOptions {
  /** An ioredis client. Its Redis must not evict keys: `maxmemory-policy noeviction`. */
  readonly client: RedisClient;
  /** In front of every key. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
}

/**
 * KEYS: records, hashes, order. ARGV: id, what is stored of it now (empty for nothing), record, time made, channel,
 * number of hashes that go, they, and those that come. Gives 0 where something else is stored by now.
 */
const saveScript = new RedisScript(`
local id, going = ARGV[1], tonumber(ARGV[6])
if (redis.call('HGET', KEYS[1], id) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], id, ARGV[3])
for at = 7, 6 + going do redis.call('HDEL', KEYS[2], ARGV[at]) end
for at = 7 + going, #ARGV do redis.call('HSET', KEYS[2], ARGV[at], id) end
redis.call('ZADD', KEYS[3], 'NX', ARGV[4], id)
redis.call('PUBLISH', ARGV[5], id)
return 1
`);

/**
 * Keys in Redis, shared by all replicas: records, an index by hash, an index by time, and when each was last used.
 * All lie under one hash tag, so that a change is one transaction in a Cluster too; replicas hear of it by pub/sub.
 */
export class RedisApiKeyStore implements ApiKeyStore {
  readonly #client: RedisClient;
  readonly #records: string;
  readonly #hashes: string;
  readonly #order: string;
  readonly #used: string;
  readonly #channel: string;
  #subscriber: RedisClient | undefined;

  constructor({ client, keyPrefix = 'gw:' }: RedisApiKeyStoreOptions) {
    this.#client = client;
    const tag = `${keyPrefix}{api-keys}`;
    this.#records = `${tag}:records`;
    this.#hashes = `${tag}:hashes`;
    this.#order = `${tag}:order`;
    this.#used = `${tag}:used`;
    this.#channel = `${tag}:changes`;
  }

  async find(by: { hash: string } | { id: string }): Promise<ApiKeyRecord | undefined> {
    const id = 'id' in by ? by.id : await this.#client.hget(this.#hashes, by.hash);
    return id ? recordOf(await this.#client.hget(this.#records, id)) : undefined;
  }

  async save(record: ApiKeyRecord, former?: ApiKeyRecord): Promise<boolean> {
    const { id } = record;
    for (;;) {
      const stored = await this.#client.hget(this.#records, id);
      const replaced = recordOf(stored);
      if (former && JSON.stringify(replaced) !== JSON.stringify(former)) return false;
      if (replaced?.revokedAt && !record.revokedAt)
        throw new Error('The key is revoked and cannot be changed.');
      if (await this.#replace(stored ?? '', replaced, record)) return true;
    }
  }

  async list({
    limit,
    cursor,
  }: {
    limit: number;
    cursor?: string | undefined;
  }): Promise<ApiKeyPage | undefined> {
    const last = cursor === undefined ? -1 : await this.#client.zrank(this.#order, cursor);
    if (last === null) return undefined;
    const from = last + 1;
    const ids = await this.#client.zrange(this.#order, `${from}`, `${from + limit}`);
    const page = ids.slice(0, limit);
    const stored = page.length > 0 ? await this.#client.hmget(this.#records, ...page) : [];
    const records = stored.map(recordOf).filter((record) => record !== undefined);
    return { records, cursor: ids.length > limit ? page.at(-1) : undefined };
  }

  async touch(used: ReadonlyMap<string, number>): Promise<void> {
    await this.#client.hset(this.#used, new Map<string, string | number>(used));
  }

  async lastUsed(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const used = new Map<string, number>();
    const times = ids.length > 0 ? await this.#client.hmget(this.#used, ...ids) : [];
    for (const [at, id] of ids.entries()) if (times[at]) used.set(id, Number(times[at]));
    return used;
  }

  watch(onChange: (id: string | undefined) => void): void {
    const subscriber = subscriberOf(this.#client);
    this.#subscriber = subscriber;
    // What was told while nobody listened is lost: once somebody does, any key may have changed.
    subscriber.on('ready', () => {
      subscriber.subscribe(this.#channel).then(
        () => onChange(undefined),
        () => undefined,
      );
    });
    subscriber.on('message', (_channel: string, id: string) => onChange(id));
    // A client may have been told not to connect before its first command.
    if (subscriber.status === 'wait') subscriber.connect().catch(() => undefined);
  }

  close(): void {
    this.#subscriber?.disconnect();
  }

  /** Says whether it was done: what is stored must not have changed since it was read. */
  #replace(stored: string, replaced: ApiKeyRecord | undefined, record: ApiKeyRecord): Promise<boolean> {
    const keys = [this.#records, this.#hashes, this.#order];
    const going = replaced ? hashesOf(replaced) : [];
    const text = JSON.stringify(record);
    const made = Date.parse(record.createdAt);
    const given = [record.id, stored, text, made, this.#channel, going.length, ...going, ...hashesOf(record)];
    return saveScript.run(this.#client, keys.length, [...keys, ...given], (answer) => answer === 1);
  }
}

function recordOf(stored: string | null | undefined): ApiKeyRecord | undefined {
  return stored ? storedRecord(stored) : undefined;
}
