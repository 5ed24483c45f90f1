import type { RedisClient } from '../redis/client.js';
import type { RedisGuard } from '../redis/guard.js';
import { type ClosedStoreOptions, closedGuard } from './closed-guard.js';
import type { NonceStore } from './nonce-store.js';

/** Options of {@link RedisNonceStore}. A Redis that evicts keys forgets nonces: `maxmemory-policy noeviction`. */
export type RedisNonceStoreOptions = ClosedStoreOptions;

/**
 * Nonces in Redis: a request that one replica has taken is refused by the others. While Redis is away, signed requests
 * are refused; a Redis that hangs costs a request `timeoutMs`, and nothing once it is given up.
 */
export class RedisNonceStore implements NonceStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;

  constructor(options: RedisNonceStoreOptions) {
    this.#client = options.client;
    this.#prefix = `${options.keyPrefix ?? 'gw:'}nonce:`;
    this.#guard = closedGuard(options, 'nonces', this.#prefix, 'signed requests');
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
