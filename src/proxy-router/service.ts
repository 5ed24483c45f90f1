import { ConfigError } from '../core/config-error.js';
import { hashKeyOf } from './hash-key.js';
import type { ResolvedService } from './options.js';
import { RetryBudget } from './retry-budget.js';
import { type TargetListener, TargetPool } from './target-pool.js';

/** A service, ready to be matched and forwarded to. */
export interface Service extends Omit<ResolvedService, 'targets' | 'name' | 'pool'> {
  readonly name: string;
  /** Without a slash at the end, except the root's. */
  readonly path: string;
  readonly pool: TargetPool;
  /** Undefined where nothing is retried. */
  readonly budget: RetryBudget | undefined;
  /** What consistent hashing goes by; undefined with other strategies. */
  readonly hashKey: ReturnType<typeof hashKeyOf> | undefined;
}

/** Hears when a target of a service goes and comes back. */
export type ServiceListener = (service: string, ...change: Parameters<TargetListener>) => void;

/**
 * Names every service and finds clashes.
 *
 * @throws ConfigError for two services of one path or of one name, or two targets of one address
 */
export function resolveServices(
  options: Readonly<Record<string, ResolvedService>>,
  listener: ServiceListener,
  onRemoved: ConstructorParameters<typeof TargetPool>[2],
): Service[] {
  const named = namedServices(options);
  return named.map(({ name, path, service }) => ({
    ...service,
    path,
    name,
    pool: new TargetPool(service, (...change) => listener(name, ...change), onRemoved),
    budget: service.retries ? new RetryBudget(service.retries) : undefined,
    hashKey: service.loadBalancing === 'consistent-hash' ? hashKeyOf(service.hashBy) : undefined,
  }));
}

interface Named {
  readonly name: string;
  readonly path: string;
  readonly service: ResolvedService;
}

function namedServices(options: Readonly<Record<string, ResolvedService>>): Named[] {
  const written = new Map<string, string>();
  const named = new Map<string, string>();
  const problems: string[] = [];
  const services = Object.entries(options).map(([key, service]): Named => {
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
    return { name, path, service };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return services;
}
