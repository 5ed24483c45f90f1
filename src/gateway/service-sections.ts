import type { BulkheadLimits } from '../bulkhead/index.js';
import type { BreakerPolicyOptions } from '../circuit-breaker/index.js';
import { ConfigError } from '../core/config-error.js';
import type { ServiceOptions, ServicesOptions } from '../proxy-router/index.js';
import type { GatewayOptions, GatewayServicesOptions } from './options.js';

/** What services say about other parts than the router, by the service's name. */
export interface ServiceSections {
  readonly circuitBreaker: Readonly<Record<string, BreakerPolicyOptions | false>>;
  readonly bulkhead: Readonly<Record<string, BulkheadLimits | false>>;
}

/** Services as the router knows them. */
export function routedServices(services: GatewayServicesOptions): ServicesOptions {
  return Object.fromEntries(
    Object.entries(services).map(([path, service]): [string, string | ServiceOptions] => {
      if (typeof service === 'string') return [path, service];
      const { circuitBreaker: _breaker, bulkhead: _bulkhead, ...routed } = service;
      return [path, routed];
    }),
  );
}

/**
 * Collects what services say about other parts.
 *
 * @param paths the path of each service by its name
 * @throws ConfigError where a part is switched off as a whole, or there is no service that is to take over
 */
export function serviceSections(
  options: GatewayOptions,
  paths: ReadonlyMap<string, string>,
): ServiceSections {
  const names = new Map([...paths].map(([name, path]) => [path, name]));
  const problems = unknownFailovers('circuitBreaker', options.circuitBreaker || {}, paths);
  const sections = Object.entries(options.services).map(([key, service]) => {
    const name = names.get(key.length > 1 ? key.replace(/\/$/, '') : key) as string;
    const { circuitBreaker, bulkhead } = typeof service === 'string' ? {} : service;
    const option = `services[${JSON.stringify(key)}]`;
    const { circuitBreaker: breakers, bulkhead: bulkheads } = options;
    if (circuitBreaker && breakers === false) problems.push(withoutEffect(option, 'circuitBreaker'));
    if (bulkhead && bulkheads === false) problems.push(withoutEffect(option, 'bulkhead'));
    problems.push(...unknownFailovers(`${option}.circuitBreaker`, circuitBreaker || {}, paths));
    return { name, circuitBreaker, bulkhead };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const given = <Section>(entries: [string, Section | undefined][]): Record<string, Section> =>
    Object.fromEntries(entries.filter((entry): entry is [string, Section] => entry[1] !== undefined));
  return {
    circuitBreaker: given(sections.map(({ name, circuitBreaker }) => [name, circuitBreaker])),
    bulkhead: given(sections.map(({ name, bulkhead }) => [name, bulkhead])),
  };
}

function withoutEffect(option: string, part: string): string {
  return `\`${option}.${part}\` has no effect while \`${part}\` is false. Leave one of them out.`;
}

function unknownFailovers(
  path: string,
  { failover = [] }: BreakerPolicyOptions,
  paths: ReadonlyMap<string, string>,
): string[] {
  const known = [...paths.keys()].join(', ');
  return failover
    .filter((name) => !paths.has(name))
    .map((name) => `\`${path}.failover\` must name services, got ${JSON.stringify(name)}. Known: ${known}.`);
}
