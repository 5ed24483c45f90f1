/**
 * How a value stands to a rule: beyond the threshold; back where it is over; in between; or unknown, as there was too
 * little to go by.
 */
export type Verdict = 'beyond' | 'between' | 'back' | 'unknown';

/** What must be told. */
export type AlertChange = 'firing' | 'resolved';

/**
 * Where one alert stands: quiet, pending until it has been so for long enough, or firing. Time is what evaluations give,
 * so that a clock that jumps changes nothing.
 */
export class AlertState {
  #phase: 'quiet' | 'pending' | 'firing' = 'quiet';
  #heldMs = 0;
  #unknownMs = 0;

  /** Whether there is nothing to remember. */
  get isQuiet(): boolean {
    return this.#phase === 'quiet';
  }

  get isFiring(): boolean {
    return this.#phase === 'firing';
  }

  /**
   * Goes on by one evaluation.
   *
   * @param spanMs how long ago the last one was
   * @param forMs how long it must be so before it fires
   * @param patienceMs how long it goes on firing while nothing is known
   */
  step(verdict: Verdict, spanMs: number, forMs: number, patienceMs: number): AlertChange | undefined {
    if (this.#phase === 'firing') return this.#stepFiring(verdict, spanMs, patienceMs);
    if (verdict !== 'beyond') {
      this.#phase = 'quiet';
      return undefined;
    }
    this.#heldMs = this.#phase === 'quiet' ? 0 : this.#heldMs + spanMs;
    this.#phase = this.#heldMs >= forMs ? 'firing' : 'pending';
    this.#unknownMs = 0;
    return this.#phase === 'firing' ? 'firing' : undefined;
  }

  #stepFiring(verdict: Verdict, spanMs: number, patienceMs: number): AlertChange | undefined {
    this.#unknownMs = verdict === 'unknown' ? this.#unknownMs + spanMs : 0;
    if (verdict !== 'back' && this.#unknownMs < patienceMs) return undefined;
    this.#phase = 'quiet';
    return 'resolved';
  }
}
