import type { RedisClient } from '../redis/client.js';
import { RedisScript } from '../redis/script.js';
import type { ApiKeyPage, ApiKeyRecord, ApiKeyStore } from './api-key-store.js';

/** Options of {@link RedisApiKeyStore}. */
export interface RedisApiKeyStoreOptions {
  /** An ioredis client. Its Redis must not evict keys: `maxmemory-policy noeviction`. */
  readonly client: RedisClient;
  /** In front of every key. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
}

/**
 * KEYS: records, hashes, order. ARGV: id, record, hash, previous hash, time made, 1 if revoked, channel.
 * Whoever changes a key while somebody revokes it must not bring it back: what is revoked stays so.
 */
const saveScript = new RedisScript(`
local id, hash, previous = ARGV[1], ARGV[3], ARGV[4]
local stored = redis.call('HGET', KEYS[1], id)
if stored then
  local former = cjson.decode(stored)
  if former.revokedAt and ARGV[6] ~= '1' then return redis.error_reply('The key has been revoked meanwhile') end
  redis.call('HDEL', KEYS[2], former.hash, former.previous and former.previous.hash or former.hash)
end
redis.call('HSET', KEYS[1], id, ARGV[2])
redis.call('HSET', KEYS[2], hash, id)
if previous ~= '' then redis.call('HSET', KEYS[2], previous, id) end
redis.call('ZADD', KEYS[3], 'NX', ARGV[5], id)
redis.call('PUBLISH', ARGV[7], id)
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

  async save(record: ApiKeyRecord): Promise<void> {
    const { id, hash, previous, createdAt, revokedAt } = record;
    const keys = [this.#records, this.#hashes, this.#order];
    const given = [
      id,
      JSON.stringify(record),
      hash,
      previous?.hash ?? '',
      Date.parse(createdAt),
      revokedAt ? 1 : 0,
    ];
    await saveScript.run(this.#client, keys.length, [...keys, ...given, this.#channel], () => undefined);
  }

  async list({ limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<ApiKeyPage> {
    const from = cursor === undefined ? 0 : ((await this.#client.zrank(this.#order, cursor)) ?? -1) + 1;
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
    // Both kinds of client have it, each with parameters of its own.
    const subscriber = (this.#client as { duplicate(): RedisClient }).duplicate();
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    // A connection that comes back may have missed messages.
    subscriber.on('ready', () => onChange(undefined));
    subscriber.on('message', (_channel: string, id: string) => onChange(id));
    subscriber.subscribe(this.#channel).catch(() => undefined);
  }

  close(): void {
    this.#subscriber?.disconnect();
  }
}

function recordOf(stored: string | null | undefined): ApiKeyRecord | undefined {
  return stored ? Object.freeze(JSON.parse(stored) as ApiKeyRecord) : undefined;
}
