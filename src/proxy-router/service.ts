import { ConfigError } from '../core/config-error.js';
import type { ResolvedService } from './options.js';
import { type Target, targetOf, weightedRoundRobin } from './targets.js';

/** A service, ready to be matched and forwarded to. */
export interface Service extends Omit<ResolvedService, 'targets' | 'name'> {
  readonly name: string;
  /** Without a slash at the end, except the root's. */
  readonly path: string;
  /** Chooses the target of the next request. */
  readonly nextTarget: () => Target;
}

/**
 * Names every service and finds clashes.
 *
 * @throws ConfigError for two services of one path or of one name
 */
export function resolveServices(options: Readonly<Record<string, ResolvedService>>): Service[] {
  const written = new Map<string, string>();
  const named = new Map<string, string>();
  const problems: string[] = [];
  const services = Object.entries(options).map(([key, service]) => {
    const path = key.length > 1 ? key.replace(/\/$/, '') : key;
    const name = service.name ?? (path.slice(path.lastIndexOf('/') + 1) || 'root');
    const option = `\`services[${JSON.stringify(key)}]\``;
    const samePath = written.get(path);
    if (samePath !== undefined) problems.push(`${option} is the same path as ${samePath}. Leave one out.`);
    const sameName = named.get(name);
    if (samePath === undefined && sameName !== undefined) {
      problems.push(
        `${option} has the same name as ${sameName}, "${name}". Give one of them another \`name\`.`,
      );
    }
    written.set(path, option);
    named.set(name, option);
    return { ...service, path, name, nextTarget: weightedRoundRobin(service.targets.map(targetOf)) };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return services;
}
