import type { RedisClient } from '../redis/client.js';
import type { RedisGuard } from '../redis/guard.js';
import { type ClosedStoreOptions, closedGuard } from './closed-guard.js';
import type { TicketStore } from './ticket-store.js';

/** Options of {@link RedisTicketStore}. Redis 6.2 or later: a ticket is taken by `GETDEL`. */
export type RedisTicketStoreOptions = ClosedStoreOptions;

/**
 * Tickets in Redis: one that a replica has issued is good at any other, once. While Redis is away, none are issued or
 * accepted; a Redis that hangs costs a request `timeoutMs`, and nothing once it is given up.
 */
export class RedisTicketStore implements TicketStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;

  constructor(options: RedisTicketStoreOptions) {
    this.#client = options.client;
    this.#prefix = `${options.keyPrefix ?? 'gw:'}ticket:`;
    this.#guard = closedGuard(options, 'tickets', this.#prefix, 'tickets');
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#guard.run(() => this.#client.set(this.#prefix + key, value, 'PX', ttlMs));
  }

  async take(key: string): Promise<string | undefined> {
    return (await this.#guard.run(() => this.#client.getdel(this.#prefix + key))) ?? undefined;
  }

  /** Stops asking in the background. The client is its owner's to close. */
  close(): void {
    this.#guard.close();
  }
}
