import type { ResolvedBehaviour } from './options.js';

/** An interval beyond the threshold is learnt from at this share: a new habit is believed, an attack is not. */
const DOUBTED = 1 / 4;
/** Intervals within the threshold until the limits are relaxed by a step. */
const RELAX_AFTER = 3;

/**
 * How one subject usually behaves: exponentially weighted mean and variance of what it uses in an interval, over the
 * intervals in which it is there at all, so that nights and pauses are no habit. Its level says how often its limits
 * are halved.
 *
 * In an interval it may use `ratio` times the mean, or the mean and `sigmas` standard deviations (those of a Poisson
 * process at least), or `minRequests`, whichever is most. Each time that it gets beyond that, and beyond twice, four
 * times... that, the level rises. It falls by one after every three intervals within.
 */
export class Behaviour {
  level = 0;
  readonly #config: ResolvedBehaviour;
  readonly #anchor: number;
  #interval = 0;
  #used = 0;
  #mean = 0;
  #meanSquare = 0;
  #learnt = 0;
  #calm = 0;
  /** What may be used in this interval, and what the level rises at next. */
  #threshold = Number.POSITIVE_INFINITY;
  #next = Number.POSITIVE_INFINITY;

  constructor(config: ResolvedBehaviour, now: number) {
    this.#config = config;
    this.#anchor = now;
  }

  /** Counts what is used, admitted or not. */
  use(points: number, now: number, maxLevel: number): void {
    this.advance(now);
    this.#used += points;
    while (this.#used > this.#next) {
      this.#next *= 2;
      this.level = Math.min(maxLevel, this.level + 1);
    }
  }

  /** Lets time pass. Time that goes back changes nothing. */
  advance(now: number): void {
    const interval = Math.floor((now - this.#anchor) / this.#config.intervalMs);
    const passed = interval - this.#interval;
    if (passed <= 0) return;
    const beyond = this.#used > this.#threshold;
    this.#relax(beyond ? passed - 1 : this.#calm + passed);
    if (this.#used > 0) this.#learn(beyond);
    this.#interval = interval;
    this.#used = 0;
    this.#next = this.#threshold;
  }

  #relax(calm: number): void {
    this.level = Math.max(0, this.level - Math.floor(calm / RELAX_AFTER));
    this.#calm = calm % RELAX_AFTER;
  }

  #learn(beyond: boolean): void {
    const { historyIntervals, minIntervals, minRequests, ratio, sigmas } = this.#config;
    const used = beyond ? this.#threshold : this.#used;
    this.#learnt += 1;
    const weight = Math.max(2 / (historyIntervals + 1), 1 / this.#learnt) * (beyond ? DOUBTED : 1);
    this.#mean += weight * (used - this.#mean);
    this.#meanSquare += weight * (used * used - this.#meanSquare);
    if (this.#learnt < minIntervals) return;
    const variance = Math.max(this.#mean, this.#meanSquare - this.#mean * this.#mean);
    const mean = this.#mean;
    this.#threshold = Math.max(minRequests, ratio * mean, mean + sigmas * Math.sqrt(variance));
  }
}
