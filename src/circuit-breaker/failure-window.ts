import { CircuitState, type IBreaker } from 'cockatiel';
import type { BreakerPolicy } from './policy-options.js';

/** In how many parts a window passes by. */
const PARTS = 10;

/** The requests of one part of a window. */
interface Part {
  readonly number: number;
  total: number;
  failures: number;
}

/**
 * Says when to open: when more than a share of the requests of a window fails, and not before a minimum of them.
 * Cockatiel's SamplingBreaker is not used, because it moves on by one part with each request, however long ago the
 * last one was: with little traffic it counts failures that are minutes old.
 */
export class FailureWindow implements IBreaker {
  /** What cockatiel would save and restore. */
  state: unknown;
  readonly #config: BreakerPolicy;
  #parts: Part[] = [];

  constructor(config: BreakerPolicy) {
    this.#config = config;
  }

  success(state: CircuitState): void {
    if (state === CircuitState.HalfOpen) this.#parts = [];
    this.#current().total += 1;
  }

  failure(state: CircuitState): boolean {
    const current = this.#current();
    current.total += 1;
    current.failures += 1;
    return state !== CircuitState.Closed || this.#isTooMuch();
  }

  #isTooMuch(): boolean {
    let total = 0;
    let failures = 0;
    for (const part of this.#parts) {
      total += part.total;
      failures += part.failures;
    }
    return total >= this.#config.minimumRequests && failures > this.#config.failureRatio * total;
  }

  /** The part that is now. Those that have left the window are forgotten. */
  #current(): Part {
    const number = Math.floor((Date.now() * PARTS) / this.#config.windowMs);
    const latest = this.#parts.at(-1);
    if (latest?.number === number) return latest;
    const current = { number, total: 0, failures: 0 };
    this.#parts = this.#parts.filter((part) => Math.abs(number - part.number) < PARTS);
    this.#parts.push(current);
    return current;
  }
}
