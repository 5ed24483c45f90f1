import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { RedisServer } from './redis-server.js';

/** A replica in a process of its own, from the built package. */
export class Worker {
  readonly #process: ChildProcess;

  private constructor(redis: RedisServer) {
    this.#process = fork('test/integration/redis-worker.mjs', [redis.url], { serialization: 'advanced' });
  }

  static async start(redis: RedisServer): Promise<Worker> {
    const worker = new Worker(redis);
    await worker.#result();
    return worker;
  }

  /** Gives it a job, and gives what comes of it. */
  ask<Result>(job: 'reserve' | 'churn' | 'serve' | 'release', given: object = {}): Promise<Result> {
    const result = this.#result();
    this.#process.send({ job, given });
    return result as Promise<Result>;
  }

  /** Ends it without a chance to give anything back. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #result(): Promise<unknown> {
    const ended = once(this.#process, 'exit').then(() => {
      throw new Error('A worker has ended before it had a result');
    });
    const [{ result }] = (await Promise.race([once(this.#process, 'message'), ended])) as [
      { result: unknown },
    ];
    return result;
  }
}

/** Starts several. */
export function startWorkers(redis: RedisServer, count: number): Promise<Worker[]> {
  return Promise.all(Array.from({ length: count }, () => Worker.start(redis)));
}
