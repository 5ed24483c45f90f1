const MINUTE_MS = 60_000;

/** So many in a minute: that many at once, and then one after another. */
export class FetchBudget {
  readonly #perMinute: number;
  #left: number;
  #at = performance.now();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
  }

  /** Takes one, if there is one. */
  take(): boolean {
    const now = performance.now();
    const earned = ((now - this.#at) / MINUTE_MS) * this.#perMinute;
    this.#at = now;
    this.#left = Math.min(this.#perMinute, this.#left + earned);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
