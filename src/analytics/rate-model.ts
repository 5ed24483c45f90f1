import { HoltWinters, type Smoothing } from './holt-winters.js';

/**
 * The request rate, interval by interval. Until two seasons have been seen Holt's linear trend predicts, then Holt-Winters
 * with the season. Two seasons of numbers are kept until then, and one afterwards.
 */
export class RateModel {
  readonly #smoothing: Smoothing;
  readonly #phases: number;
  #model: HoltWinters | undefined;
  /** What was observed without a gap, until it is enough for a season; undefined afterwards. */
  #observed: number[] | undefined = [];

  constructor(smoothing: Smoothing, phases: number) {
    this.#smoothing = smoothing;
    this.#phases = phases;
  }

  /** Whether the season is known. */
  get isSeasonal(): boolean {
    return this.#observed === undefined;
  }

  observe(rate: number): void {
    // The first value is the level, so that a start out of nothing isn't taken for a trend.
    this.#model ??= new HoltWinters(this.#smoothing, { level: rate, trend: 0, season: [] });
    this.#model.observe(rate);
    if (this.#observed === undefined) return;
    this.#observed.push(rate);
    if (this.#observed.length < 2 * this.#phases) return;
    this.#model = HoltWinters.fit(this.#smoothing, this.#observed, this.#phases);
    this.#observed = undefined;
  }

  /**
   * Takes it that so many intervals passed of which nothing is known; negative where the clock was set back. A season that
   * is not known yet is collected anew: what it has would not fit what comes.
   */
  skip(intervals: number): void {
    this.#model?.skip(intervals);
    if (this.#observed !== undefined) this.#observed = [];
  }

  /** Undefined before there was an observation. */
  forecast(intervals: number): number | undefined {
    return this.#model?.forecast(intervals);
  }
}
