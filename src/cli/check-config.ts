import { ConfigError, type ConfigMistake } from '../core/config-error.js';
import { checkOptions } from '../core/options.js';
import type { StartOptions } from '../server/index.js';
import type { ResolvedTls } from '../server/options.js';
import { type ConfigPath, pathKey } from './config-path.js';
import { configSchema, type ResolvedOwn } from './options.js';
import type { Resolved } from './references.js';

/** Options that are right, as far as a schema can tell. */
export interface CheckedConfig {
  /** What `startGateway()` takes. */
  readonly options: StartOptions;
  /** The command line's own, with defaults. */
  readonly own: ResolvedOwn;
  readonly tls: ResolvedTls | undefined;
  /** Path and text of what was read as a number or a boolean. */
  readonly values: unknown;
}

/**
 * Checks options against the schema. A value that is one reference and nothing else may stand for a number or a
 * boolean: it is read as one where its text is not accepted as it is.
 */
export function checkConfig(
  given: unknown,
  references: ReadonlyMap<string, Resolved>,
): { readonly checked: CheckedConfig } | { readonly mistakes: readonly ConfigMistake[] } {
  let values = given;
  const first = attempt(values);
  if ('checked' in first) return first;
  let converted = false;
  for (const { path } of first.mistakes) {
    const reference = path && references.get(pathKey(path));
    const value = reference?.isWhole ? scalarOf(reference.text) : undefined;
    if (path === undefined || value === undefined) continue;
    values = replaced(values, path, value);
    converted = true;
  }
  return converted ? attempt(values) : first;
}

function attempt(values: unknown): ReturnType<typeof checkConfig> {
  try {
    const { logging, workers, onRedisDown, server } = checkOptions('', configSchema, values);
    const {
      logging: _logging,
      workers: _workers,
      onRedisDown: _policy,
      ...options
    } = values as object & {
      logging?: unknown;
      workers?: unknown;
      onRedisDown?: unknown;
    };
    const own = { logging, workers, onRedisDown };
    return { checked: { options: options as StartOptions, own, tls: server.tls, values } };
  } catch (error) {
    if (error instanceof ConfigError) return { mistakes: error.details };
    throw error;
  }
}

function scalarOf(text: string): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function replaced(values: unknown, [step, ...rest]: ConfigPath, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(values))
    return values.map((item, at) => (at === step ? replaced(item, rest, value) : item));
  const section = values as Record<PropertyKey, unknown>;
  return { ...section, [step]: replaced(section[step], rest, value) };
}
