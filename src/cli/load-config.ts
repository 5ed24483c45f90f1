import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type CheckedConfig, checkConfig } from './check-config.js';
import { CliError } from './cli-error.js';
import { parseConfig } from './config-document.js';
import { pathText } from './config-path.js';
import type { ConfigProblem } from './config-problem.js';
import { readConfigText } from './config-text.js';
import { resolveValues } from './config-values.js';
import { defaultServices } from './default-services.js';
import { exitCode } from './exit-code.js';
import { locate, type Origins } from './locate.js';
import { type ConfigFlags, override, overridesOf } from './overrides.js';

/** What is read where no file is named. */
export const DEFAULT_FILE = 'gateway-config.yaml';

/** Where a configuration is put together from. */
export interface ConfigSources {
  /** The file that was named; undefined for `gateway-config.yaml`, if it is there. */
  readonly file?: string | undefined;
  readonly flags?: ConfigFlags | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** A configuration without mistakes that a schema can find. */
export interface LoadedConfig extends CheckedConfig {
  /** The file as its user named it; undefined where there is none. */
  readonly file: string | undefined;
  /** The file, and those that it refers to: what to watch. Absolute paths. */
  readonly files: readonly string[];
  readonly origins: Origins;
}

/**
 * Puts a configuration together: flags go before the environment, that before the file, and that before defaults.
 *
 * @throws CliError with every mistake
 */
export function loadConfig({ file: named, flags = {}, env, cwd }: ConfigSources): LoadedConfig {
  const file = named ?? (existsSync(resolve(cwd, DEFAULT_FILE)) ? DEFAULT_FILE : undefined);
  const path = file === undefined ? undefined : resolve(cwd, file);
  const { value, origins, files, problems } =
    file === undefined || path === undefined ? withoutFile(cwd) : fromFile(file, path, env);
  if (value === undefined || value === null) throw new InvalidConfig(problems);

  const overrides = overridesOf(flags, env, value);
  const whole = { ...origins, overrides };
  const result = checkConfig(override(value, overrides), origins.references);
  if ('mistakes' in result) problems.push(...result.mistakes.map((mistake) => locate(mistake, whole)));
  if (!('checked' in result) || problems.length > 0) throw new InvalidConfig(firstOfPlaces(problems));
  return { ...result.checked, file, files, origins: whole };
}

/** Every mistake of a configuration. */
export class InvalidConfig extends CliError {
  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super(`The configuration has ${count}.`, exitCode.wrongConfiguration, { problems });
  }
}

interface Source {
  readonly value: unknown;
  readonly origins: Origins;
  readonly files: readonly string[];
  readonly problems: ConfigProblem[];
}

/** In the order of the file. What is wrong with a reference goes before what is wrong with its value. */
function firstOfPlaces(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const places = new Map<string, ConfigProblem>();
  for (const problem of problems) {
    const { source, line, column, message } = problem;
    const place = JSON.stringify([source, line, column, /^`[^`]*`/.exec(message)?.[0]]);
    if (!places.has(place)) places.set(place, problem);
  }
  return [...places.values()].sort(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
}

/** The file is waited for, as it is what people make next. */
function withoutFile(cwd: string): Source {
  return {
    value: { services: defaultServices },
    origins: { file: undefined, document: undefined, references: new Map(), overrides: [] },
    files: [resolve(cwd, DEFAULT_FILE)],
    problems: [],
  };
}

function fromFile(file: string, path: string, env: ConfigSources['env']): Source {
  const document = parseConfig(readConfigText(path));
  const { value, references, problems } = resolveValues(document.value, { env, folder: dirname(path) });
  const origins = { file, document, references, overrides: [] };
  const files = [path, ...[...references.values()].flatMap((each) => each.files)];
  const at = { source: file };
  if (document.problems.length > 0)
    return { value, origins, files, problems: document.problems.map((each) => ({ ...at, ...each })) };
  if (value === undefined || value === null)
    return { value, origins, files, problems: [{ ...at, line: 1, column: 1, message: EMPTY }] };
  return {
    value,
    origins,
    files,
    problems: problems.map(({ path: where, message }) => ({
      ...at,
      ...document.positionOf(where),
      message: where.length > 0 ? `\`${pathText(where)}\` ${message}` : `The file ${message}`,
    })),
  };
}

const EMPTY =
  'The file is empty. It needs `services` at least, such as `services: { /api/kgot: "http://localhost:16000" }`.';
