import { ConfigError } from '../core/config-error.js';
import { type StartOptions, startGateway } from '../server/index.js';
import { accessLog } from './access-log.js';
import type { Surroundings } from './console.js';
import { FileWatch } from './file-watch.js';
import { firstSteps, isClosedToAll } from './first-steps.js';
import { InvalidConfig, type LoadedConfig, loadConfig } from './load-config.js';
import { locate } from './locate.js';
import { accessLogOf } from './logging-options.js';
import { createLogs, type Logs } from './logs.js';
import type { ConfigFlags } from './overrides.js';
import { applyOwn } from './own-options.js';
import { requireRedis } from './redis-ready.js';
import { Reloader } from './reloader.js';

/** What `gatewright start` was given. */
export interface StartFlags extends ConfigFlags {
  readonly configFile?: string | undefined;
  readonly json?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

/** A gateway that runs as its configuration says, and follows it. */
export interface Started {
  readonly url: string;
  readonly logs: Logs;
  /** Reads configuration, certificates and files of logs anew. */
  reload(): Promise<void>;
  /** Drains it; called again it cuts what is left. */
  close(): Promise<void>;
}

/**
 * Starts a gateway from its configuration, in this process.
 *
 * @throws CliError or ListenError saying what to do
 */
export async function start(flags: StartFlags, around: Surroundings): Promise<Started> {
  const load = (): LoadedConfig =>
    loadConfig({ file: flags.configFile, flags, env: around.env, cwd: around.cwd });
  const config = load();
  const watch = new FileWatch(config.files);
  const { own, options } = config;
  await requireRedis(config);
  const logs = createLogs(own.logging, around, {
    debug: flags.debug === true,
    json: flags.json === true,
    ...(typeof options.redis === 'string' && { redisUrl: options.redis }),
  });
  try {
    return await startLogged({ config, load, watch, logs, around });
  } catch (error) {
    await logs.close();
    if (!(error instanceof ConfigError)) throw error;
    throw new InvalidConfig(error.details.map((mistake) => locate(mistake, config.origins)));
  }
}

interface Beginning {
  readonly config: LoadedConfig;
  readonly load: () => LoadedConfig;
  readonly watch: FileWatch;
  readonly logs: Logs;
  readonly around: Surroundings;
}

async function startLogged({ config, load, watch, logs, around }: Beginning): Promise<Started> {
  const optionsOf = loggingTo(logs);
  const running = await startGateway(optionsOf(config));
  const access = accessLogOf(config.own.logging);
  // It hears `request` alone, which servers of HTTP/2 tell of in the same way.
  const endAccessLog = access && accessLog(running.server as never, access, logs);
  const { logger } = logs;
  logger.info('The gateway listens', {
    url: running.url,
    config: config.file ?? 'no file: the six default services',
    services: Object.keys(config.options.services).length,
    pid: process.pid,
  });
  if (isClosedToAll(config)) tellFirstSteps(logs, around);

  const reloader = new Reloader({
    config,
    running,
    load,
    optionsOf,
    applyOwn: (next, former) => applyOwn(next, former, logs),
    logger,
    onApplied: ({ files }) => watch.replace(files),
  });
  watch.start(() => void reloader.reload());

  let closing = false;
  return {
    url: running.url,
    logs,
    async reload() {
      if (closing) return; // What it would open nobody would close.
      logs.reopen();
      running.reloadCertificates();
      await reloader.reload();
    },
    async close() {
      closing = true;
      watch.close();
      await running.close();
      endAccessLog?.();
      await logs.close();
    },
  };
}

function tellFirstSteps({ isPretty, logger }: Logs, { stdout }: Surroundings): void {
  const [problem = '', ...steps] = firstSteps;
  if (isPretty) stdout.write(`\n${firstSteps.join('\n')}\n\n`);
  else logger.warn(problem, { steps: steps.map((step) => step.trim().replace(/ {2,}/, ': ')) });
}

/** Adds what every configuration has: audit records are told apart from other lines, and written at any level. */
function loggingTo(logs: Logs): (config: LoadedConfig) => StartOptions {
  const { logger } = logs;
  // One for all configurations: another one would be a change.
  const sink = { write: (record: object) => logs.write('audit', 'audit', record) };
  return ({ options }) => ({
    ...options,
    logger,
    audit: options.audit === false ? false : { ...options.audit, sink },
  });
}
