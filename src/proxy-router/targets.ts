import { checkOptions } from '../core/options.js';
import type { Service } from './service.js';
import type { Target } from './target.js';
import { type TargetOptions, targetSchema } from './target-options.js';

/** How a target is. */
export interface TargetState {
  readonly url: string;
  readonly weight: number;
  /** Requests that run on it. */
  readonly outstanding: number;
  /** Whether health checks find it well; true where there are none. */
  readonly healthy: boolean;
  /** Whether it is out for having failed requests. */
  readonly ejected: boolean;
  readonly draining: boolean;
}

/** The targets of the services, changed while requests run. */
export class Targets {
  readonly #services: ReadonlyMap<string, Service>;

  constructor(services: ReadonlyMap<string, Service>) {
    this.#services = services;
  }

  /** How the targets of a service are. @throws RangeError where there is no such service */
  list(service: string): TargetState[] {
    return this.#poolOf(service).targets.map((target) => ({
      url: target.id,
      weight: target.configuredWeight,
      outstanding: target.outstanding,
      healthy: target.healthy,
      ejected: target.ejectedUntil > performance.now(),
      draining: target.draining,
    }));
  }

  /**
   * Adds a target; one that is drained takes requests again.
   *
   * @throws ConfigError for a wrong target; RangeError where there is no such service
   */
  add(service: string, target: string | TargetOptions): void {
    const options = typeof target === 'string' ? { url: target } : target;
    this.#poolOf(service).add(checkOptions('target', targetSchema, options));
  }

  /** Gives a target no new requests. Resolves when those that run have ended. */
  drain(service: string, url: string): Promise<void> {
    const pool = this.#poolOf(service);
    return pool.drain(this.#find(service, url));
  }

  /** Drains a target and forgets it. Resolves when its last request has ended. */
  remove(service: string, url: string): Promise<void> {
    const pool = this.#poolOf(service);
    return pool.remove(this.#find(service, url));
  }

  #poolOf(name: string): Service['pool'] {
    const service = this.#services.get(name);
    if (service === undefined) throw new RangeError(`There is no service "${name}"`);
    return service.pool;
  }

  #find(service: string, url: string): Target {
    const pool = this.#poolOf(service);
    const target = pool.find(url) ?? pool.find(url.replace(/\/$/, ''));
    if (target === undefined) throw new RangeError(`The service "${service}" has no target ${url}`);
    return target;
  }
}
