import cluster from 'node:cluster';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { reportFailure } from './failure.js';
import { loadConfig } from './load-config.js';
import { type Started, type StartFlags, start } from './start.js';
import { supervise } from './supervise.js';

/** What a process ends with that a second signal has ended, by convention. */
const bySignal = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Serves until a signal ends it: SIGTERM or SIGINT drain, a second one ends the process at once; SIGHUP reads
 * everything anew.
 *
 * @returns what the process is to end with
 * @throws where it cannot be started
 */
export async function serve(flags: StartFlags, around: Surroundings): Promise<number> {
  const { env, cwd } = around;
  const config = cluster.isPrimary ? loadConfig({ file: flags.configFile, flags, env, cwd }) : undefined;
  if (config === undefined || config.own.workers === 1) return serveAlone(flags, around);

  const { workers, ended } = await supervise(config, flags, around);
  process.on('SIGHUP', () => workers.signal('SIGHUP'));
  endOnUncaught(flags, around);
  onEndingSignals(
    () => void workers.close(),
    () => void workers.close(),
  );
  return ended;
}

async function serveAlone(flags: StartFlags, around: Surroundings): Promise<number> {
  const started = await start(flags, around);
  process.on('SIGHUP', () => void started.reload());
  endOnUncaught(flags, around);
  return new Promise((resolve) => {
    onEndingSignals((signal) => resolve(drained(started, signal, flags, around)));
  });
}

/**
 * @param first what a first signal does
 * @param second what a second one does, before the process ends
 */
function onEndingSignals(first: (signal: string) => void, second: () => void = () => undefined): void {
  let ending = false;
  const end = (signal: keyof typeof bySignal): void => {
    if (ending) {
      // A signal for the whole group comes to a worker twice: from outside, and from its primary, who ends it.
      if (cluster.isWorker) return;
      second();
      process.exit(bySignal[signal]);
    }
    ending = true;
    first(signal);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

/** What nobody has caught is said in one line, and what state the process is in nobody knows: it ends. */
function endOnUncaught(flags: StartFlags, around: Surroundings): void {
  process.on('uncaughtException', (error) => process.exit(reportFailure(error, around, flags)));
}

async function drained(
  started: Started,
  signal: string,
  flags: StartFlags,
  around: Surroundings,
): Promise<number> {
  const { logger } = started.logs;
  logger.info('The gateway drains: what runs may end, and nothing more begins', { signal });
  try {
    await started.close();
    logger.info('The gateway has ended');
    return exitCode.fine;
  } catch (error) {
    return reportFailure(error, around, flags);
  }
}
