import { ConfigError } from '../core/config-error.js';
import type { Logger } from '../core/logger.js';
import type { Reloaded } from '../gateway/index.js';
import type { StartOptions } from '../server/index.js';
import { CliError } from './cli-error.js';
import { configDiff } from './config-diff.js';
import { problemLine } from './config-problem.js';
import type { LoadedConfig } from './load-config.js';
import { locate } from './locate.js';

/** A gateway that takes new options while it runs: all of them, or none and it throws. */
export interface Reloadable {
  reload(options: StartOptions): Reloaded | Promise<Reloaded>;
}

/** What a reloader needs. */
export interface ReloaderOptions {
  /** The configuration that holds at the start. */
  readonly config: LoadedConfig;
  readonly running: Reloadable;
  /** Puts the configuration together anew. */
  readonly load: () => LoadedConfig;
  /** What `startGateway()` or `reload()` takes of it. */
  readonly optionsOf: (config: LoadedConfig) => StartOptions;
  /** Applies the command line's own options, as far as that goes while it runs, and names those that wait. */
  readonly applyOwn: (config: LoadedConfig, former: LoadedConfig) => Reloaded;
  readonly logger: Logger;
  /** Hears of a configuration that holds now. */
  readonly onApplied?: (config: LoadedConfig) => void;
}

/**
 * Applies a changed configuration, one at a time: it is checked first, and a wrong one changes nothing and says why.
 * A call while one is applied leads to one more.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #current: LoadedConfig;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#current = options.config;
  }

  /** Resolves when what is there now was applied or refused. Never rejects. */
  reload(): Promise<void> {
    if (this.#running) this.#again = true;
    this.#running ??= this.#untilSettled().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #untilSettled(): Promise<void> {
    do {
      this.#again = false;
      await this.#once();
    } while (this.#again);
  }

  async #once(): Promise<void> {
    const { logger, load, running, optionsOf, applyOwn, onApplied } = this.#options;
    let config: LoadedConfig | undefined;
    try {
      config = load();
      const differences = configDiff(this.#current, config);
      if (differences.length === 0) {
        logger.info('The configuration was read anew, and has not changed');
        return;
      }
      const reloaded = await running.reload(optionsOf(config));
      const own = applyOwn(config, this.#current);
      this.#current = config;
      const changed = [...reloaded.changed, ...own.changed];
      const restart = [...reloaded.restart, ...own.restart];
      logger.info('The configuration was reloaded', { changed, differences });
      if (restart.length > 0) logger.warn('Some changes need a restart', { options: restart });
      onApplied?.(config);
    } catch (error) {
      logger.error('The new configuration is not used: the former one holds', {
        problems: problemsOf(error, config),
      });
    }
  }
}

function problemsOf(error: unknown, config: LoadedConfig | undefined): string[] {
  if (error instanceof CliError && error.problems.length > 0) return error.problems.map(problemLine);
  if (error instanceof ConfigError && config)
    return error.details.map((mistake) => problemLine(locate(mistake, config.origins)));
  return [(error as Error).message];
}
