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

  /**
   * Runs it.
   *
   * @param given its keys, and behind them its arguments
   * @param read makes something of its answer
   */
  run<Answer>(
    client: RedisClient,
    keys: number,
    given: (string | number)[],
    read: (answer: unknown) => Answer,
  ): Promise<Answer> {
    return client.evalsha(this.#digest, keys, ...given).then(read, (error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.#source, keys, ...given).then(read);
    });
  }
}
