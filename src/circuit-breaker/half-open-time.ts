import type { IBackoff } from 'cockatiel';
import type { BreakerPolicy } from './policy-options.js';

/** What cockatiel says when it asks for a time. */
interface Asked {
  readonly attempt: number;
}

/**
 * When an open breaker may let a request try: after a time that grows with each failed try, and not before an upstream
 * has said that it is worth it.
 */
export class HalfOpenTime implements IBackoff<Asked> {
  readonly #policy: BreakerPolicy;
  #openedAt = 0;
  #dueAt = 0;
  /** Until when an upstream has asked not to be asked. */
  #heldUntil = 0;

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** Cockatiel compares it with the time since it opened, which jumps with the clock: so it is all or nothing here. */
  get duration(): number {
    return this.isDue ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** It opens now, for the nth time in a row. */
  next({ attempt }: Asked): this {
    const { halfOpenAfterMs, maxHalfOpenAfterMs, backoffFactor } = this.#policy;
    this.#openedAt = Date.now();
    this.#dueAt =
      this.#openedAt + Math.min(maxHalfOpenAfterMs, halfOpenAfterMs * backoffFactor ** (attempt - 1));
    return this;
  }

  /** A clock that was put back holds nobody up. */
  get isDue(): boolean {
    const now = Date.now();
    return now >= this.#end || now < this.#openedAt;
  }

  /** Milliseconds until it is due. */
  get leftMs(): number {
    return this.isDue ? 0 : this.#end - Date.now();
  }

  /** For how long it has been due, by a clock that may have been put back. */
  get overdueMs(): number {
    return this.isDue ? Math.abs(Date.now() - this.#end) : 0;
  }

  /** What failed has said when to come back; an upstream is not believed without end. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, Date.now() + Math.min(ms, this.#policy.maxRetryAfterMs));
  }

  /** What was said no longer holds. */
  release(): void {
    this.#heldUntil = 0;
  }

  get #end(): number {
    return Math.max(this.#dueAt, this.#heldUntil);
  }
}
