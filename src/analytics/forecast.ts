import type { ResolvedForecast } from './forecast-options.js';
import { RateModel } from './rate-model.js';

/** Predicts the request rate of this process from its own history, season included, and how many replicas that needs. */
export class Forecast {
  readonly #options: ResolvedForecast;
  readonly #model: RateModel;
  readonly #timer: NodeJS.Timeout;
  #count = 0;
  #startedAt = performance.now();
  /** The number of the interval under way, on the clock: the season is one of the day. */
  #interval: number;

  constructor(options: ResolvedForecast) {
    this.#options = options;
    this.#model = new RateModel(options, options.seasonIntervals);
    for (const rate of options.history) this.#model.observe(rate);
    this.#interval = this.#onClock();
    this.#timer = setInterval(() => this.#turn(), options.intervalMs).unref();
  }

  /** Counts a request. */
  record(): void {
    this.#count += 1;
  }

  /** How many requests a second there will be at the horizon. Undefined before there was one whole interval. */
  get requestsPerSecond(): number | undefined {
    const { horizonMs, intervalMs } = this.#options;
    return this.#model.forecast(Math.max(1, Math.round(horizonMs / intervalMs)));
  }

  /** How many replicas that needs. Undefined where nothing is predicted, or what a replica can take was not said. */
  get recommendedReplicas(): number | undefined {
    const { requestsPerSecondPerReplica, minReplicas, maxReplicas } = this.#options;
    const rate = this.requestsPerSecond;
    if (rate === undefined || requestsPerSecondPerReplica === undefined) return undefined;
    return Math.min(maxReplicas, Math.max(minReplicas, Math.ceil(rate / requestsPerSecondPerReplica)));
  }

  /** Whether two seasons have been seen, so that the season is part of the prediction. */
  get isSeasonal(): boolean {
    return this.#model.isSeasonal;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** How long an interval was is measured on the clock that doesn't jump; where it is in the day, on the one that may. */
  #turn(): void {
    const now = performance.now();
    const elapsedMs = now - this.#startedAt;
    const rate = elapsedMs > 0 ? (this.#count / elapsedMs) * 1000 : 0;
    this.#count = 0;
    this.#startedAt = now;
    const gone = this.#onClock() - this.#interval;
    // After a pause (a process that was stopped) there is nothing to learn, not a rate that was low.
    const isPause = elapsedMs > 2 * this.#options.intervalMs;
    if (!isPause) this.#model.observe(rate);
    // A timer that is a little early or late is no gap.
    const isGap = isPause || Math.abs(gone - 1) > 1;
    if (isGap) this.#model.skip(isPause ? gone : gone - 1);
    this.#interval += isGap ? gone : 1;
  }

  #onClock(): number {
    return Math.floor(Date.now() / this.#options.intervalMs);
  }
}
