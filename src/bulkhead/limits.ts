import { checkOptions } from '../core/options.js';
import {
  type BulkheadLimits,
  type BulkheadOptions,
  bulkheadLimitsSchema,
  type ResolvedLimits,
} from './options.js';

/**
 * The limits of each service: what it says itself over what is said for all; undefined where there are none.
 *
 * @throws ConfigError for wrong limits
 */
export function limitsOf(
  options: BulkheadOptions,
): (service: string | undefined) => ResolvedLimits | undefined {
  const { maxConcurrent, maxQueue, queueTimeoutMs } = options;
  const common = given({ maxConcurrent, maxQueue, queueTimeoutMs });
  const forAll = limited(checkOptions('bulkhead', bulkheadLimitsSchema, common));
  const own = new Map(
    Object.entries(options.services ?? {}).map(([name, limits]) => {
      const path = `bulkhead.services[${JSON.stringify(name)}]`;
      const merged = limits && { ...common, ...given(limits) };
      return [name, merged ? limited(checkOptions(path, bulkheadLimitsSchema, merged)) : undefined] as const;
    }),
  );
  return (service) => (service !== undefined && own.has(service) ? own.get(service) : forAll);
}

function limited(limits: ResolvedLimits): ResolvedLimits | undefined {
  return limits.maxConcurrent === undefined ? undefined : Object.freeze(limits);
}

/** What is undefined was left out. */
function given(limits: BulkheadLimits): BulkheadLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
