/** How a window of time was, as far as it matters to what is usual. */
export interface WindowEvidence {
  /** How far latency may exceed what is usual: a factor. */
  readonly tolerance: number;
  /** Whether the limit was far from reached, so that nobody queued for it. */
  readonly calm: boolean;
  /** Whether latency stayed high though the limit was cut far: it is not our queue, the upstream has become slower. */
  readonly slower: boolean;
  /** Milliseconds, of a clock that never goes back. */
  readonly now: number;
}

/** How much of the way what is usual goes towards a calm window's mean, and answers that this takes in full. */
const LEARNING = 0.05;
const LEARNING_ANSWERS = 10;
/** Answers after which a mean that is much lower is believed at once: it can't be chance. */
const SURE_ANSWERS = 100;
/** How much what is usual rises in a window in which the upstream has become slower: a factor. */
export const RISE = 1.1;
/** Answers before anything is called usual, and so many times the longest of them: the fast ones come first. */
const FIRST_ANSWERS = 30;
const FIRST_TIMES_LONGEST = 2;

/** What is known of how long one service takes: what is usual, and the current window. */
export class ServiceLatency {
  /** What is usual, in milliseconds: the mean where nobody queues. */
  usualMs = 0;
  /** Whether enough is known to call it usual. */
  known = false;
  /** Answers in this window, and how long they took together. */
  answers = 0;
  totalMs = 0;
  /** Requests in this window that the upstream was too busy for. */
  drops = 0;
  readonly #since: number;
  #firstAnswers = 0;
  #longestMs = 0;

  constructor(now: number) {
    this.#since = now;
  }

  answered(ms: number): void {
    this.answers += 1;
    this.totalMs += ms;
    if (!this.known && ms > this.#longestMs) this.#longestMs = ms;
  }

  /** Ends the window: learns from it and forgets it. */
  endWindow(evidence: WindowEvidence): void {
    if (this.answers > 0) this.#learn(this.totalMs / this.answers, evidence);
    this.answers = 0;
    this.totalMs = 0;
    this.drops = 0;
  }

  #learn(meanMs: number, { tolerance, calm, slower, now }: WindowEvidence): void {
    if (!this.known) {
      this.#firstAnswers += this.answers;
      this.#approach(meanMs, this.answers / this.#firstAnswers);
      const longEnough = now - this.#since >= FIRST_TIMES_LONGEST * this.#longestMs;
      this.known = longEnough && this.#firstAnswers >= FIRST_ANSWERS;
    } else if (slower) this.usualMs = Math.max(this.usualMs, Math.min(meanMs, this.usualMs * RISE));
    else if (meanMs * tolerance < this.usualMs) this.#approach(meanMs, this.answers / SURE_ANSWERS);
    else if (calm) this.#approach(meanMs, LEARNING * Math.min(1, this.answers / LEARNING_ANSWERS));
  }

  #approach(ms: number, share: number): void {
    this.usualMs += Math.min(1, share) * (ms - this.usualMs);
  }
}
