import { createServer } from 'node:http';
import { startWorkers, type Workers } from '../server/index.js';
import { listen } from '../server/listen.js';
import { CliError } from './cli-error.js';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { InvalidConfig, type LoadedConfig } from './load-config.js';
import { createLogs } from './logs.js';
import { requireRedis } from './redis-ready.js';
import type { StartFlags } from './start.js';
import { tryConfig } from './try-config.js';

/** Several processes that serve together. */
export interface Supervised {
  readonly workers: Workers;
  /** Resolves with what the process is to end with. */
  readonly ended: Promise<number>;
}

/**
 * Starts workers, each of which runs the same command line. What is wrong is found before, so that it is said once.
 *
 * @throws CliError or ListenError saying what to do
 */
export async function supervise(
  config: LoadedConfig,
  flags: StartFlags,
  around: Surroundings,
): Promise<Supervised> {
  const { own } = config;
  const problems = await tryConfig(config);
  if (problems.length > 0) throw new InvalidConfig(problems);
  await assertFree(config);
  await requireRedis(config);
  // Workers have logs of their own, and send them to Redis.
  const logs = createLogs({ ...own.logging, redis: false, audit: 'log' }, around, {
    json: flags.json === true,
    debug: flags.debug === true,
  });
  const workers = startWorkers({ count: own.workers, logger: logs.logger });
  return { workers, ended: workers.ended.then((well) => endOf(well)) };
}

function endOf(well: boolean): number {
  if (well) return exitCode.fine;
  throw new CliError('Workers keep ending. What they have logged above says why.', exitCode.unexpected);
}

/** A worker that cannot listen would say so, be started anew, and say so again. */
async function assertFree({ options: { host, port = 8080, server } }: LoadedConfig): Promise<void> {
  if (port === 0 || server?.socketPath !== undefined) return;
  const probe = createServer();
  await listen(probe, { host, port, socketPath: undefined });
  await new Promise((closed) => probe.close(closed));
}
