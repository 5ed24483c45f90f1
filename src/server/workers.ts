import cluster, { type Worker } from 'node:cluster';
import { ConfigError } from '../core/config-error.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { StartOptions } from './options.js';
import { serveMetrics } from './worker-metrics.js';

/** Processes that serve one port together. */
export interface Workers {
  /** Sends a signal to all of them, such as `SIGHUP`. */
  signal(name: NodeJS.Signals): void;
  /** Has all of them drain, and resolves when they have ended. Called again it ends them at once. */
  close(): Promise<void>;
  /** Resolves when they have ended: with false where they kept ending by themselves. */
  readonly ended: Promise<boolean>;
}

/** Options of `startWorkers()`. */
export interface WorkersOptions {
  /** How many. */
  readonly count: number;
  /** Hears of workers that end. Default: silent. */
  readonly logger?: Logger | undefined;
}

/** A worker that ends sooner than this, in milliseconds, was no good from the start. */
const EARLY_MS = 5000;

/** So many of those in a row, and it is given up. */
const MOST_FAILURES = 5;

/**
 * Refuses what several processes can't do together: without a Redis each one would count limits, and know API keys, for
 * itself.
 *
 * @throws ConfigError where there is no Redis
 */
export function assertShareable({ redis }: Pick<StartOptions, 'redis'>, count: number): void {
  if (count > 1 && redis === undefined) {
    throw new ConfigError([
      '`workers` needs `redis`: without it, each worker would count limits and know API keys for itself. Give `redis`, or 1 worker.',
    ]);
  }
}

/**
 * Starts the program again in several processes, each of which serves the same port, and starts one anew where one ends.
 * Called in the primary process; in the workers, call `startGateway()`.
 */
export function startWorkers({ count, logger = silentLogger }: WorkersOptions): Workers {
  /** Those that run, and since when. Node's own list has one until its channel is closed too, which may be later. */
  const startedAt = new Map<Worker, number>();
  const stopServing = serveMetrics();
  let failures = 0;
  let closing = false;
  let end: (well: boolean) => void;
  const ended = new Promise<boolean>((resolve) => {
    end = resolve;
  });

  function fork(): void {
    startedAt.set(cluster.fork(), performance.now());
  }

  function exited(worker: Worker, code: number, signal: string | null): void {
    const since = startedAt.get(worker) ?? 0;
    startedAt.delete(worker);
    if (!closing) {
      const isEarly = performance.now() - since < EARLY_MS;
      failures = isEarly ? failures + 1 : 0;
      logger.error('A worker has ended', { pid: worker.process.pid, code, signal });
      if (failures < MOST_FAILURES) {
        fork();
        return;
      }
      logger.error('Workers keep ending: no more are started');
      closing = true;
      signalAll('SIGTERM');
    }
    if (startedAt.size > 0) return;
    cluster.off('exit', exited);
    stopServing();
    end(failures < MOST_FAILURES);
  }

  function signalAll(name: NodeJS.Signals): void {
    for (const worker of startedAt.keys()) worker.process.kill(name);
  }

  cluster.on('exit', exited);
  for (let at = 0; at < count; at += 1) fork();
  return {
    ended,
    signal: signalAll,
    async close() {
      signalAll(closing ? 'SIGKILL' : 'SIGTERM');
      closing = true;
      await ended;
    },
  };
}
