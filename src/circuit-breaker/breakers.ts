import type { BreakerState, GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { Breaker } from './breaker.js';
import type { ResolvedCircuitBreaker } from './options.js';
import type { BreakerPolicy } from './policy-options.js';

/** The key that is shared by all that find no room. */
export const OVERFLOW = 'other';

/** Longer keys are not kept. */
const MAX_KEY_LENGTH = 256;

/** A closed breaker that was idle for so long makes room for another, in milliseconds. */
const IDLE_MS = 60_000;

/** How often room is looked for, in milliseconds: with many keys a look is not for each request. */
const LOOK_EVERY_MS = 1000;

/** One breaker for each key, made when it is first needed; never more than `maxBreakers` and one. */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();
  readonly #max: number;
  readonly #logger: Logger;
  readonly #events: GatewayEvents | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Hears of each new breaker before anybody asks it. */
  onMade: ((key: string, breaker: Breaker) => void) | undefined;

  constructor({ maxBreakers, logger = silentLogger, events }: ResolvedCircuitBreaker) {
    this.#max = maxBreakers;
    this.#logger = logger;
    this.#events = events;
  }

  /** The breaker of a key, or the one that is shared by those that have none. */
  for(key: string, policy: BreakerPolicy): Breaker {
    const known = this.#breakers.get(key);
    if (known) return known;
    if (key.length > MAX_KEY_LENGTH || !this.#hasRoom(key)) return this.for(OVERFLOW, policy);
    return this.ensure(key, policy);
  }

  /** The breaker of a key that an operator means, whatever room there is. */
  ensure(key: string, policy: BreakerPolicy): Breaker {
    const known = this.#breakers.get(key);
    if (known) return known;
    const breaker = new Breaker(policy, (from, to, by) => this.#changed(key, from, to, by));
    this.#breakers.set(key, breaker);
    this.onMade?.(key, breaker);
    return breaker;
  }

  /** The breaker that a key has. */
  get(key: string): Breaker | undefined {
    return this.#breakers.get(key);
  }

  [Symbol.iterator](): Iterator<[string, Breaker]> {
    return this.#breakers.entries();
  }

  /** The state of each breaker by its key. */
  states(): Map<string, BreakerState> {
    return new Map([...this.#breakers].map(([key, breaker]) => [key, breaker.state]));
  }

  #hasRoom(key: string): boolean {
    if (key === OVERFLOW || this.#breakers.size < this.#max) return true;
    const now = Date.now();
    if (Math.abs(now - this.#lookedAt) < LOOK_EVERY_MS) return false;
    this.#lookedAt = now;
    for (const [each, breaker] of this.#breakers) {
      const idle = breaker.state === 'closed' && breaker.running === 0;
      if (idle && Math.abs(now - breaker.usedAt) > IDLE_MS) this.#breakers.delete(each);
    }
    return this.#breakers.size < this.#max;
  }

  #changed(key: string, from: BreakerState, to: BreakerState, by: string | undefined): void {
    const level = to === 'open' || to === 'isolated' ? 'warn' : 'info';
    const change = by === undefined ? { key, from, to } : { key, from, to, by };
    this.#logger[level](`Circuit breaker ${to}`, change);
    this.#events?.publish('breaker', change);
  }
}
