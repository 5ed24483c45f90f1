import type { Logger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';

/**
 * Warns, once, of a Redis that may evict API keys: one that has a limit of memory, and may take any key when it is
 * reached. Keys without an expiry, as these are, survive the `volatile-` policies. Where it may not be asked, nothing is
 * said.
 *
 * @returns stops waiting for Redis
 */
export function warnOfEviction(redis: RedisClient, logger: Logger): () => void {
  const ask = (): void => {
    redis.info('memory').then(
      (memory) => {
        const policy = evictionOf(memory);
        if (policy !== undefined)
          logger.warn(
            'The Redis that keeps API keys may evict them: set its maxmemory-policy to noeviction',
            {
              policy,
            },
          );
      },
      () => undefined,
    );
  };
  if (redis.status === 'ready') ask();
  else redis.once('ready', ask);
  return () => redis.off('ready', ask);
}

/** The policy by which any key may be evicted; undefined where none may be. */
function evictionOf(memory: string): string | undefined {
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(memory)?.[1];
  return limit > 0 ? policy : undefined;
}
