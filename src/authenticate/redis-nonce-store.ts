import type { GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';
import type { NonceStore } from './nonce-store.js';

/** Options of {@link RedisNonceStore}. */
export interface RedisNonceStoreOptions {
  /** An ioredis client. A Redis that evicts keys forgets nonces: `maxmemory-policy noeviction`. */
  readonly client: RedisClient;
  /** In front of every key. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a request may wait for Redis, in milliseconds. Default 100. */
  readonly timeoutMs?: number | undefined;
  /** Hears when Redis is lost and back. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where other parts of a gateway hear of it. */
  readonly events?: GatewayEvents | undefined;
}

/**
 * Nonces in Redis: a request that one replica has taken is refused by the others. While Redis is away, signed requests
 * are refused; a Redis that hangs costs a request `timeoutMs`, and nothing once it is given up.
 */
export class RedisNonceStore implements NonceStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;

  constructor({ client, keyPrefix = 'gw:', timeoutMs = 100, logger, events }: RedisNonceStoreOptions) {
    this.#client = client;
    this.#prefix = `${keyPrefix}nonce:`;
    this.#guard = new RedisGuard({
      timeoutMs,
      // A Redis that is full or takes no writes answers a PING.
      probe: () => client.set(`${this.#prefix}probe`, '', 'PX', 1000),
      onChange: (available) => tell(available, logger ?? silentLogger, events),
    });
  }

  /** Whether Redis is asked. */
  get available(): boolean {
    return this.#guard.available;
  }

  async remember(key: string, ttlMs: number): Promise<boolean> {
    const answer = await this.#guard.run(() => this.#client.set(this.#prefix + key, '', 'PX', ttlMs, 'NX'));
    return answer === 'OK';
  }

  /** Stops asking in the background. The client is its owner's to close. */
  close(): void {
    this.#guard.close();
  }
}

function tell(available: boolean, logger: Logger, events: GatewayEvents | undefined): void {
  if (available) logger.info('Redis is back: signed requests are accepted again');
  else logger.warn('Redis is unavailable: signed requests are refused');
  events?.publish('storeMode', { store: 'nonces', mode: available ? 'shared' : 'closed' });
}
