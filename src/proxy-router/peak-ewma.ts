/** After so many time constants without an observation, 95 % of what was known has decayed. */
const STALE_AFTER = 3;

/**
 * A moving average of latency that takes a rise at once and forgets it slowly, as Finagle's and Linkerd's peak EWMA: a
 * target that turns slow is left alone after one slow answer.
 *
 * It falls while nothing is observed, too, so that a target left alone for being slow is tried again. Before the first
 * observation, and where the last one is older than three time constants, the value is 0: nothing is known. A small
 * guess in its place would draw all requests to a new target before its first answer; `adaptive` goes by outstanding
 * requests alone for as long as it sees a 0.
 */
export class PeakEwma {
  readonly #timeConstantMs: number;
  #latencyMs = 0;
  #observedAt = Number.NEGATIVE_INFINITY;

  /** @param timeConstantMs how long it takes for 63 % of a fall to be taken over, in milliseconds. Default 10,000. */
  constructor(timeConstantMs = 10_000) {
    this.#timeConstantMs = timeConstantMs;
  }

  /**
   * Takes over what a request took. A failure counts with what a client would have waited, a time-out say: a target
   * that refuses at once would look fast, and get everything.
   *
   * @param nowMs of a clock that does not go back, such as `performance.now()`
   */
  observe(latencyMs: number, nowMs: number): void {
    const kept = this.#remaining(nowMs);
    this.#latencyMs =
      latencyMs >= this.#latencyMs ? latencyMs : this.#latencyMs * kept + latencyMs * (1 - kept);
    this.#observedAt = nowMs;
  }

  /** What a request is likely to take, in milliseconds; 0 where nothing is known. */
  value(nowMs: number): number {
    if (nowMs - this.#observedAt > STALE_AFTER * this.#timeConstantMs) return 0;
    return this.#latencyMs * this.#remaining(nowMs);
  }

  /** The share of what was last known that is left by now. */
  #remaining(nowMs: number): number {
    return Math.exp(Math.min(0, this.#observedAt - nowMs) / this.#timeConstantMs);
  }
}
