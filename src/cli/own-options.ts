import { isDeepStrictEqual } from 'node:util';
import type { Reloaded } from '../gateway/index.js';
import type { LoadedConfig } from './load-config.js';
import type { Logs } from './logs.js';

/** Applies the level of the log at once, and names what else of the command line's own options has changed. */
export function applyOwn({ own }: LoadedConfig, { own: former }: LoadedConfig, logs: Logs): Reloaded {
  const changed: string[] = [];
  const restart: string[] = [];
  const { level, ...logging } = own.logging;
  const { level: formerLevel, ...formerLogging } = former.logging;
  if (level !== formerLevel) {
    logs.level = level;
    changed.push('logging.level');
  }
  for (const name of Object.keys(logging) as (keyof typeof logging)[])
    if (!isDeepStrictEqual(logging[name], formerLogging[name])) restart.push(`logging.${name}`);
  for (const name of ['workers', 'onRedisDown'] as const) if (own[name] !== former[name]) restart.push(name);
  return { changed, restart };
}
