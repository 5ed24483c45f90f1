import { ConfigError } from '../core/config-error.js';
import type { BreakerState } from '../core/events.js';
import { type BreakerInfo, infoOf } from './breaker-info.js';
import { Breakers } from './breakers.js';
import { type ResolvedCircuitBreaker, sharedOf } from './options.js';
import type { Policies } from './policies.js';
import type { BreakerPolicy } from './policy-options.js';
import { SharedBreakers } from './shared-breakers.js';
import type { OperatorChange } from './shared-state.js';

/** Whoever calls from the program itself. */
const CODE = 'code';

/** All breakers as an operator sees and handles them. */
export class BreakerBoard {
  readonly breakers: Breakers;
  readonly #policies: Policies;
  readonly #shared: SharedBreakers | undefined;

  /** @throws ConfigError where states are to be shared, and there is no Redis */
  constructor(config: ResolvedCircuitBreaker, policies: Policies) {
    const { redis: client, keyPrefix, storeTimeoutMs: timeoutMs, logger, events } = config;
    const shared = sharedOf(config);
    this.#policies = policies;
    this.breakers = new Breakers(config);
    if (shared === undefined) return;
    if (client === undefined) {
      throw new ConfigError([
        '`circuitBreaker.redis` must be an ioredis client for `shared`, got undefined.',
      ]);
    }
    const policyOf = (key: string): BreakerPolicy => this.#policyOf(key);
    const common = { client, keyPrefix, timeoutMs, logger, events, policyOf };
    this.#shared = new SharedBreakers(this.breakers, { ...common, ...shared });
  }

  /** Whether Redis answers; undefined where none is needed. */
  get redis(): boolean | undefined {
    return this.#shared?.available;
  }

  states(): ReadonlyMap<string, BreakerState> {
    return this.breakers.states();
  }

  list(): BreakerInfo[] {
    return [...this.breakers].map(([key, breaker]) => infoOf(key, breaker, this.#shared?.countOf(key)));
  }

  isolate(key: string, by = CODE): Promise<boolean> {
    return this.#operate({ action: 'isolate', key, by });
  }

  reset(key: string, by = CODE): Promise<boolean> {
    return this.#operate({ action: 'reset', key, by });
  }

  async close(): Promise<void> {
    await this.#shared?.close();
  }

  async #operate(change: OperatorChange): Promise<boolean> {
    const { action, key, by } = change;
    if (key.length > 256) throw new ConfigError(['`key` must have at most 256 characters.']);
    if (this.#shared) return this.#shared.operate(change);
    if (action === 'isolate') this.breakers.ensure(key, this.#policyOf(key)).isolate(by);
    else this.breakers.get(key)?.reset(by);
    return true;
  }

  #policyOf(key: string): BreakerPolicy {
    return this.#policies.of(key) || this.#policies.common;
  }
}
