import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { DEFAULT_FILE, InvalidConfig, loadConfig } from './load-config.js';
import { tryConfig } from './try-config.js';

/**
 * Checks a configuration file as the gateway would, environment included, and asks nobody.
 *
 * @throws CliError with every mistake
 */
export async function check(
  file: string | undefined,
  { json }: { readonly json?: boolean | undefined },
  { stdout, env, cwd }: Surroundings,
): Promise<number> {
  const config = loadConfig({ file: file ?? DEFAULT_FILE, env, cwd });
  const problems = await tryConfig(config);
  if (problems.length > 0) throw new InvalidConfig(problems);
  const services = Object.keys(config.options.services).length;
  if (json) stdout.write(`${JSON.stringify({ valid: true, file: config.file, services })}\n`);
  else stdout.write(`${config.file} is right: ${services} ${services === 1 ? 'service' : 'services'}.\n`);
  return exitCode.fine;
}
