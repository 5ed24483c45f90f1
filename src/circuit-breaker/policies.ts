import { ConfigError } from '../core/config-error.js';
import { checkOptions } from '../core/options.js';
import type { CircuitBreakerOptions, ResolvedCircuitBreaker } from './options.js';
import { type BreakerPolicy, policyProblem, policyShape, servicePolicySchema } from './policy-options.js';

/** The policy of each service: what it says itself over what is said for all. */
export class Policies {
  /** What holds for services that say nothing themselves. */
  readonly common: BreakerPolicy;
  readonly #own = new Map<string, BreakerPolicy | false>();

  /** @throws ConfigError where what a service says does not fit what is said for all, or nobody can find a service */
  constructor(options: CircuitBreakerOptions, config: ResolvedCircuitBreaker) {
    const common = policyPart(options);
    this.common = Object.freeze(checkOptions('circuitBreaker', servicePolicySchema, common));
    const problems: string[] = [];
    for (const [name, own] of Object.entries(options.services ?? {})) {
      const path = `circuitBreaker.services[${JSON.stringify(name)}]`;
      const merged = own !== false && checkOptions(path, servicePolicySchema, { ...common, ...given(own) });
      const problem = merged && policyProblem(merged);
      if (problem) {
        const [option] = problem.path;
        problems.push(`\`${path}.${option}\` ${problem.message}, got ${String(merged[option])}.`);
      }
      this.#own.set(name, merged && Object.freeze(merged));
    }
    if (config.matchService === undefined && this.failovers.length > 0) {
      problems.push(
        '`circuitBreaker.failover` needs `circuitBreaker.matchService`, such as `matchNamed` of a router, got undefined.',
      );
    }
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** The policy of a service; of none by default. False for no breaker at all. */
  of(service: string | undefined): BreakerPolicy | false {
    if (service === undefined || this.#own.size === 0) return this.common;
    return this.#own.get(service) ?? this.common;
  }

  /** Every policy that there is. */
  get all(): readonly BreakerPolicy[] {
    return [this.common, ...this.#own.values()].filter((policy) => policy !== false);
  }

  /** Names of all services that are to take over for others. */
  get failovers(): readonly string[] {
    return this.all.flatMap(({ failover }) => failover);
  }
}

/** The options that a service can have of its own. */
function policyPart(options: CircuitBreakerOptions): Record<string, unknown> {
  return given(
    Object.fromEntries(
      Object.keys(policyShape).map((name) => [name, options[name as keyof CircuitBreakerOptions]]),
    ),
  );
}

/** What is undefined was left out. */
function given(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
