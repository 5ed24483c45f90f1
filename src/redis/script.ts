import { createHash } from 'node:crypto';
import type { RedisClient } from './client.js';

/** What every ioredis client has, and its types leave out: strings in answers are Buffers, which may hold any bytes. */
interface ScriptClient {
  evalshaBuffer(
    digest: string,
    keys: number,
    ...given: readonly (string | number | Buffer)[]
  ): Promise<unknown>;
  evalBuffer(source: string, keys: number, ...given: readonly (string | number | Buffer)[]): Promise<unknown>;
}

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
   * @param read makes something of its answer: a number, or a Buffer for a string
   */
  run<Answer>(
    client: RedisClient,
    keys: number,
    given: readonly (string | number | Buffer)[],
    read: (answer: unknown) => Answer,
  ): Promise<Answer> {
    const scripts = client as unknown as ScriptClient;
    return scripts.evalshaBuffer(this.#digest, keys, ...given).then(read, (error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return scripts.evalBuffer(this.#source, keys, ...given).then(read);
    });
  }
}
