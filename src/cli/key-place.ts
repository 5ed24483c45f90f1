import type { Surroundings } from './console.js';
import { loadConfig } from './load-config.js';

/** Where API keys are kept. */
export interface KeyPlace {
  /** Undefined where they stand in the configuration file. */
  readonly redis: string | undefined;
  readonly keyPrefix: string | undefined;
  /** Whether there is a configuration file. */
  readonly hasFile: boolean;
}

/**
 * Where API keys are kept: where a flag or a variable says so, else where the configuration does.
 *
 * @throws CliError for a configuration with mistakes
 */
export function placeOfKeys(
  flags: { readonly configFile?: string | undefined; readonly redisUrl?: string | undefined },
  { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>,
): KeyPlace {
  const given = flags.redisUrl ?? (env['REDIS_URL'] || undefined);
  // A file may refer to secrets that its reader does not have: without need it is not asked.
  if (given !== undefined && flags.configFile === undefined)
    return { redis: given, keyPrefix: undefined, hasFile: false };
  const { options, file } = loadConfig({
    file: flags.configFile,
    flags: { redisUrl: flags.redisUrl },
    env,
    cwd,
  });
  const section = options.authenticate ? options.authenticate.apiKeys : undefined;
  const keys = section || undefined;
  const redis = typeof options.redis === 'string' ? options.redis : undefined;
  return { redis: keys?.keys ? undefined : redis, keyPrefix: keys?.keyPrefix, hasFile: file !== undefined };
}
