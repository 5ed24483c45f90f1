import { ConfigError } from '../core/config-error.js';
import type { GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';
import type { ApiKeyStore } from './api-key-store.js';
import { ApiKeys } from './api-keys.js';
import { warnOfEviction } from './eviction.js';
import { KnownKeys } from './known-keys.js';
import { MemoryApiKeyStore } from './memory-api-key-store.js';
import { type ResolvedApiKeys, recordsOf } from './options.js';
import { RedisApiKeyStore } from './redis-api-key-store.js';
import { UseLog } from './use-log.js';

/** The keys of one `authenticate()`, and what is remembered of them. */
export interface KeyRing {
  /** Undefined where API keys are switched off. */
  readonly known: KnownKeys | undefined;
  readonly used: UseLog;
  readonly keys: ApiKeys;
  close(): Promise<void>;
}

export function keyRing(
  config: ResolvedApiKeys | false,
  events?: GatewayEvents,
  logger: Logger = silentLogger,
): KeyRing {
  if (config === false) return noKeys();
  const store = storeOf(config);
  const known = new KnownKeys(store, {
    maxEntries: config.cacheSize,
    ttlMs: config.cacheTtlMs,
    staleIfErrorMs: config.staleIfErrorMs,
    isAtHand: store instanceof MemoryApiKeyStore,
  });
  const used = new UseLog(store);
  const stopAsking = config.redis && warnOfEviction(config.redis, logger);
  return {
    known,
    used,
    keys: new ApiKeys(store, known, events),
    async close() {
      stopAsking?.();
      await used.flush();
      await store.close?.();
    },
  };
}

function noKeys(): KeyRing {
  const refuse = (): never => {
    throw new ConfigError(['`authenticate.apiKeys` is switched off: there are no API keys.']);
  };
  const store: ApiKeyStore = { find: refuse, save: refuse, list: refuse };
  const known = new KnownKeys(store, { maxEntries: 1, ttlMs: 0, staleIfErrorMs: 0 });
  return {
    known: undefined,
    used: new UseLog(store),
    keys: new ApiKeys(store, known),
    close: async () => {},
  };
}

function storeOf({ store, keys, redis, keyPrefix, storeTimeoutMs }: ResolvedApiKeys): ApiKeyStore {
  if (store) return store;
  if (redis) return guarded(new RedisApiKeyStore({ client: redis, keyPrefix }), redis, storeTimeoutMs);
  return new MemoryApiKeyStore(recordsOf(keys));
}

/** Bounds the time that a request waits for Redis; what an administrator does may take as long as it takes. */
function guarded(store: RedisApiKeyStore, redis: RedisClient, timeoutMs: number): ApiKeyStore {
  const guard = new RedisGuard({ timeoutMs, probe: () => redis.ping() });
  return {
    find: (by) => guard.run(() => store.find(by)),
    save: (record, former) => store.save(record, former),
    list: (page) => store.list(page),
    touch: (used) => guard.run(() => store.touch(used)),
    lastUsed: (ids) => store.lastUsed(ids),
    watch: (onChange) => store.watch(onChange),
    close() {
      guard.close();
      store.close();
    },
  };
}
