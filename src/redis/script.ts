import { createHash } from 'node:crypto';
import type { RedisClient } from './client.js';

/**
 * A Lua script, called by its digest. A server that does not know it (a new one, a restarted one) is given it in
 * the same breath: a restart in mid-traffic is not an error.
 */
export class RedisScript {
  readonly #source: string;
  readonly #digest: string;

  constructor(source: string) {
    this.#source = source;
    this.#digest = createHash('sha1').update(source).digest('hex');
  }

  /** Runs it. */
  run(client: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return client.evalsha(this.#digest, keys.length, ...keys, ...args).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.#source, keys.length, ...keys, ...args);
    });
  }
}
