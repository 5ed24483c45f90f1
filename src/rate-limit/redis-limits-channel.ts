import { ConfigError } from '../core/config-error.js';
import { checkOptions, tierLimitsSchema } from '../core/options.js';
import type { TierLimits } from '../core/tiers.js';
import type { RedisClient } from '../redis/client.js';
import { subscriberOf } from '../redis/subscriber.js';
import type { ChangeKey, LimitsChannel } from './runtime-limits.js';

/** How often all is read again, in case a message was lost. */
const REFRESH_MS = 30_000;

/**
 * Changes of limits in a hash in Redis, told to all replicas by pub/sub on a connection of its own. While Redis is
 * away, what was known goes on.
 */
export class RedisLimitsChannel implements LimitsChannel {
  readonly #client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #key: string;
  readonly #onChanges: (changes: ReadonlyMap<string, TierLimits>) => void;
  readonly #refresh: NodeJS.Timeout;
  #writes = 0;

  constructor(
    client: RedisClient,
    keyPrefix: string,
    onChanges: (changes: ReadonlyMap<string, TierLimits>) => void,
  ) {
    this.#client = client;
    this.#key = `${keyPrefix}limits`;
    this.#onChanges = onChanges;
    this.#subscriber = subscriberOf(client);
    this.#subscriber.on('ready', () => void this.#listen());
    this.#subscriber.on('message', () => void this.#read());
    void this.#listen();
    this.#refresh = setInterval(() => void this.#read(), REFRESH_MS).unref();
  }

  async publish(key: ChangeKey, limits: TierLimits | undefined): Promise<void> {
    this.#writes += 1;
    if (limits === undefined) await this.#client.hdel(this.#key, key);
    else await this.#client.hset(this.#key, key, JSON.stringify(limits));
    await this.#client.publish(this.#key, key);
  }

  async close(): Promise<void> {
    clearInterval(this.#refresh);
    this.#subscriber.disconnect();
  }

  /** A change that is told while nobody listens is found by reading all, and not before listening. */
  async #listen(): Promise<void> {
    await this.#subscriber.subscribe(this.#key).catch(() => undefined);
    await this.#read();
  }

  async #read(): Promise<void> {
    const writes = this.#writes;
    try {
      const stored = Object.entries(await this.#client.hgetall(this.#key));
      // What was asked for before a change of ours does not have it; the message about that change reads again.
      if (writes !== this.#writes) return;
      this.#onChanges(new Map(stored.flatMap(([key, json]) => parsed(key, json))));
    } catch {
      // Redis is away: the next message, connection or refresh reads again.
    }
  }
}

/** What a newer version has written, and this one can't read, is left out. */
function parsed(key: string, json: string): [string, TierLimits][] {
  try {
    return [[key, Object.freeze(checkOptions('limits', tierLimitsSchema, JSON.parse(json)))]];
  } catch (error) {
    if (error instanceof ConfigError || error instanceof SyntaxError) return [];
    throw error;
  }
}
