import type { ResolvedRetries } from './resilience-options.js';

/** How long a request counts towards the budget. */
const WINDOW_MS = 10_000;

/**
 * How many retries a service may make: a share of its requests and some beside, so that a failing upstream is not
 * hit by a multiple of its usual traffic. The share is saved up for ten seconds at most, as Finagle's budget is.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  /** What may be spent, of the share of requests and of the minimum. */
  #saved = 0;
  #spare: number;
  #at: number;

  constructor(
    { budgetRatio, budgetPerSecond }: ResolvedRetries,
    now: () => number = () => performance.now(),
  ) {
    this.#ratio = budgetRatio;
    this.#perSecond = budgetPerSecond;
    this.#spare = budgetPerSecond;
    this.#now = now;
    this.#at = now();
  }

  /** A request has come. */
  deposit(): void {
    this.#pass();
    this.#saved += this.#ratio;
  }

  /** Takes one retry from the budget, and says whether there was one. */
  withdraw(): boolean {
    this.#pass();
    if (this.#saved >= 1) this.#saved -= 1;
    else if (this.#spare >= 1) this.#spare -= 1;
    else return false;
    return true;
  }

  #pass(): void {
    const now = this.#now();
    const passed = now - this.#at;
    this.#at = now;
    this.#saved *= Math.exp(-passed / WINDOW_MS);
    this.#spare = Math.min(this.#perSecond, this.#spare + (this.#perSecond * passed) / 1000);
  }
}
