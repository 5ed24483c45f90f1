import type { GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';

/** Options of the stores in Redis that refuse while it is away. */
export interface ClosedStoreOptions {
  /** An ioredis client. */
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
 * Bounds the calls of such a store.
 *
 * @param store its name, such as `nonces`
 * @param prefix in front of its keys
 * @param what is refused, for the log
 */
export function closedGuard(
  { client, timeoutMs = 100, logger = silentLogger, events }: ClosedStoreOptions,
  store: string,
  prefix: string,
  what: string,
): RedisGuard {
  return new RedisGuard({
    timeoutMs,
    // A Redis that is full or takes no writes answers a PING.
    probe: () => client.set(`${prefix}probe`, '', 'PX', 1000),
    onChange(available) {
      if (available) logger.info(`Redis is back: ${what} are accepted again`);
      else logger.warn(`Redis is unavailable: ${what} are refused`);
      events?.publish('storeMode', { store, mode: available ? 'shared' : 'closed' });
    },
  });
}
