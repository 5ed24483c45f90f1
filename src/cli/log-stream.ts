import { Writable } from 'node:stream';
import type { RedisClient } from '../redis/client.js';
import { connectRedis } from '../redis/connect.js';
import { RedisGuard } from '../redis/guard.js';
import type { ResolvedLogStream } from './logging-options.js';

/** How long a line waits for others at most, in milliseconds. */
const FLUSH_MS = 250;

/** So many lines are sent in one go. */
const BATCH = 500;

/** How long Redis may take to take them, in milliseconds. */
const TIMEOUT_MS = 2000;

/**
 * Adds lines to a Redis stream, as its field `line`. It never throws and never waits: while Redis is away, so many
 * lines are kept, and further ones are lost and counted.
 */
export class LogStream extends Writable {
  readonly #options: ResolvedLogStream;
  readonly #onLoss: (lost: number) => void;
  readonly #client: RedisClient;
  readonly #guard: RedisGuard;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #sending: Promise<boolean> | undefined;
  #lost = 0;
  #told = 0;

  /** @param onLoss hears, once Redis takes lines again, how many were lost since it was last told */
  constructor(
    options: ResolvedLogStream & { readonly url: string },
    onLoss: (lost: number) => void = () => undefined,
  ) {
    super({ decodeStrings: false });
    this.#options = options;
    this.#onLoss = onLoss;
    this.#client = connectRedis(options.url);
    this.#guard = new RedisGuard({ timeoutMs: TIMEOUT_MS, probe: () => this.#client.ping() });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** How many lines were lost. */
  get lost(): number {
    return this.#lost;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#lines.length < this.#options.maxBuffered) this.#lines.push(String(chunk).trimEnd());
    else this.#lost += 1;
    if (this.#lines.length >= BATCH && this.#sending === undefined) void this.flush();
    done();
  }

  /** Sends what waits. Resolves with whether Redis has it. */
  flush(): Promise<boolean> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Sends what waits, as far as Redis is there, and disconnects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (await this.flush()) await this.flush(); // What came meanwhile.
    this.#lost += this.#lines.length;
    this.#lines = [];
    this.#guard.close();
    this.#client.disconnect();
  }

  async #sendAll(): Promise<boolean> {
    try {
      while (this.#lines.length > 0) {
        const batch = this.#lines.slice(0, BATCH);
        await this.#guard.run(() => this.#send(batch));
        this.#lines.splice(0, batch.length);
      }
    } catch {
      return false; // They are kept for the next time.
    }
    const lost = this.#lost - this.#told;
    this.#told = this.#lost;
    if (lost > 0) this.#onLoss(lost);
    return true;
  }

  async #send(lines: readonly string[]): Promise<void> {
    const { key, maxLength } = this.#options;
    const pipeline = this.#client.pipeline();
    for (const line of lines) pipeline.xadd(key, 'MAXLEN', '~', maxLength, '*', 'line', line);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}
