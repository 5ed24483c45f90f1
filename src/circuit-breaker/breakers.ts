import type { BreakerState, GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { Breaker } from './breaker.js';
import type { ResolvedCircuitBreaker } from './options.js';

/** The key that is shared by all that came after `maxBreakers`. */
const OVERFLOW = 'other';

/** One breaker for each key, made when it is first needed; never more than `maxBreakers` and one. */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();
  readonly #config: ResolvedCircuitBreaker;
  readonly #logger: Logger;
  readonly #events: GatewayEvents | undefined;

  constructor(config: ResolvedCircuitBreaker) {
    this.#config = config;
    this.#logger = config.logger ?? silentLogger;
    this.#events = config.events;
  }

  /** The breaker of a key. */
  for(key: string): Breaker {
    const known = this.#breakers.get(key);
    if (known) return known;
    if (this.#breakers.size >= this.#config.maxBreakers && key !== OVERFLOW) return this.for(OVERFLOW);
    const breaker = new Breaker(this.#config, (from, to) => this.#changed(key, from, to));
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** The state of each breaker by its key. */
  states(): Map<string, BreakerState> {
    return new Map([...this.#breakers].map(([key, breaker]) => [key, breaker.state]));
  }

  #changed(key: string, from: BreakerState, to: BreakerState): void {
    const level = to === 'open' ? 'warn' : 'info';
    this.#logger[level](`Circuit breaker ${to}`, { key, from, to });
    this.#events?.publish('breaker', { key, from, to });
  }
}
