/** How fast the parts of a model follow what is observed: 0 not at all, 1 at once. */
export interface Smoothing {
  /** The level. */
  readonly alpha: number;
  /** The trend. */
  readonly beta: number;
  /** The season. */
  readonly gamma: number;
}

/** What a model has learned: it is all that is kept of the past. */
export interface HoltWintersState {
  readonly level: number;
  /** Change of the level with each step. */
  readonly trend: number;
  /** What each phase of the season adds to the level. */
  readonly season: readonly number[];
}

/**
 * Exponential smoothing with trend and additive season, by Holt and Winters, in the component form of Hyndman and
 * Athanasopoulos, Forecasting: Principles and Practice, section "Holt-Winters' seasonal method". With a season of no
 * phases it is Holt's linear trend. One observation costs a few multiplications.
 */
export class HoltWinters {
  readonly #smoothing: Smoothing;
  readonly #season: Float64Array;
  #level: number;
  #trend: number;
  #phase = 0;

  /** @param state what is known before the next observation, whose phase is the first */
  constructor(smoothing: Smoothing, state: HoltWintersState) {
    this.#smoothing = smoothing;
    this.#level = state.level;
    this.#trend = state.trend;
    this.#season = Float64Array.from(state.season);
  }

  /**
   * Begins with two seasons or more of observations: the level and the trend are those of the means of the first two
   * seasons, the phases are the means of what they add to that line; then all are observed. A straight line with a
   * season is found exactly.
   */
  static fit(smoothing: Smoothing, observations: readonly number[], phases: number): HoltWinters {
    const first = mean(observations.slice(0, phases));
    const trend = (mean(observations.slice(phases, 2 * phases)) - first) / phases;
    // The mean of a season is the line in its middle; the line begins one step before the first observation.
    const level = first - (trend * (phases + 1)) / 2;
    const above = (at: number): number => (observations[at] ?? 0) - (level + trend * (at + 1));
    const season = Array.from({ length: phases }, (_, phase) => (above(phase) + above(phase + phases)) / 2);
    const model = new HoltWinters(smoothing, { level, trend, season });
    for (const value of observations) model.observe(value);
    return model;
  }

  get state(): HoltWintersState {
    return { level: this.#level, trend: this.#trend, season: [...this.#season] };
  }

  /** Learns from the next value. One that is no finite number is passed over. */
  observe(value: number): void {
    if (Number.isFinite(value)) this.#learn(value);
    this.#phase = this.#at(1);
  }

  /** Takes it that so many steps passed of which nothing is known: the season goes on, and nothing else. */
  skip(steps: number): void {
    this.#phase = this.#at(steps);
  }

  /** What the value will be so many steps after the last observation: 1 for the next. Never negative. */
  forecast(steps: number): number {
    const season = this.#season[this.#at(steps - 1)] ?? 0;
    return Math.max(0, this.#level + steps * this.#trend + season);
  }

  #learn(value: number): void {
    const { alpha, beta, gamma } = this.#smoothing;
    const season = this.#season[this.#phase] ?? 0;
    const expected = this.#level + this.#trend;
    const level = alpha * (value - season) + (1 - alpha) * expected;
    this.#trend = beta * (level - this.#level) + (1 - beta) * this.#trend;
    this.#level = level;
    if (this.#season.length > 0)
      this.#season[this.#phase] = gamma * (value - expected) + (1 - gamma) * season;
  }

  #at(steps: number): number {
    const phases = this.#season.length;
    return phases === 0 ? 0 : (((this.#phase + steps) % phases) + phases) % phases;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
