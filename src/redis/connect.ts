import { Redis } from 'ioredis';
import { type Logger, silentLogger } from '../core/logger.js';
import type { RedisClient } from './client.js';

/**
 * Opens a connection that fails early rather than late: what has a fallback must not wait for a server that is gone.
 *
 * @param url `redis://` or `rediss://`
 */
export function connectRedis(url: string, logger: Logger = silentLogger): RedisClient {
  const client = new Redis(url, {
    connectTimeout: 2000,
    // A server that hangs is left for another one, such as the one that Sentinel has promoted.
    socketTimeout: 5000,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  // One line for each time that it goes, not for each attempt to get it back.
  let told = false;
  client.on('ready', () => {
    told = false;
  });
  client.on('error', (error: Error) => {
    if (!told) logger.warn('The connection to Redis failed', { error: error.message });
    told = true;
  });
  return client;
}
