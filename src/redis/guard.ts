import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';

/** Redis did not answer in time, or is known not to. */
export class RedisUnavailable extends Error {
  constructor(message = 'Redis is unavailable') {
    super(message);
  }
}

/** Options of {@link RedisGuard}. */
export interface RedisGuardOptions {
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Asks Redis whether it is there; called now and then while it is not. */
  readonly probe: () => Promise<unknown>;
  /** How often it is asked, in milliseconds. Default 500. */
  readonly probeEveryMs?: number | undefined;
  /** Hears when Redis is given up, and when it is back. */
  readonly onChange?: ((available: boolean) => void) | undefined;
}

/** So many calls in a row must fail before Redis is given up. */
const FAILURES = 3;

/** What a connection has taken with it is never answered: after so long a probe is sent again, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Bounded calls to Redis behind a breaker. A Redis that hangs costs a call `timeoutMs`; once it is given up, calls
 * fail at once, and only probes in the background try it, never a caller.
 */
export class RedisGuard {
  readonly #options: RedisGuardOptions;
  readonly #failures = new ConsecutiveBreaker(FAILURES);
  readonly #breaker: CircuitBreakerPolicy;
  #probing: NodeJS.Timeout | undefined;
  /** A probe without an answer yet, and when it was sent: a Redis that hangs is not sent one after the other. */
  #asked: { readonly answer: Promise<unknown>; readonly at: number } | undefined;
  readonly #closing = new AbortController();

  constructor(options: RedisGuardOptions) {
    const probeEveryMs = options.probeEveryMs ?? 500;
    this.#options = options;
    this.#breaker = circuitBreaker(handleAll, { halfOpenAfter: probeEveryMs, breaker: this.#failures });
    this.#breaker.onBreak(() => {
      if (this.#probing !== undefined || this.#closing.signal.aborted) return;
      this.#probing = setInterval(() => this.#probe(held), probeEveryMs).unref();
      // Until a probe gets through: by itself it would go by the wall clock, which may jump back.
      const held = this.#breaker.isolate();
      options.onChange?.(false);
    });
    this.#breaker.onReset(() => {
      this.#failures.success();
      this.#stopProbing();
      options.onChange?.(true);
    });
  }

  /** Whether calls are tried. */
  get available(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /**
   * Makes a call.
   *
   * @param onLate gets the answer if it comes after the call was given up, so that what it did can be undone
   * @throws RedisUnavailable, or what the call itself throws
   */
  run<Answer>(call: () => Promise<Answer>, onLate?: (answer: Answer) => void): Promise<Answer> {
    if (!this.available) return Promise.reject(new RedisUnavailable());
    // Not in steps: each promise more costs its part of what the call itself does.
    return new Promise((resolve, reject) => {
      const succeed = (answer: Answer): void => {
        // cockatiel hears of a success by its counter: a call of its own for each would cost more than all else here.
        this.#failures.success();
        resolve(answer);
      };
      const fail = (error: unknown): void => void this.#count(error).then(() => reject(error));
      waitFor(call(), this.#options.timeoutMs, { succeed, fail, onLate });
    });
  }

  /** Tells cockatiel of a failure. */
  #count(error: unknown): Promise<undefined> {
    return this.#breaker.execute(() => Promise.reject(error)).catch(() => undefined);
  }

  /** Stops probing for good: nothing is told any more, and no timer is left. */
  close(): void {
    this.#closing.abort();
    this.#stopProbing();
  }

  #stopProbing(): void {
    clearInterval(this.#probing);
    this.#probing = undefined;
  }

  #probe(held: { dispose(): void }): void {
    const { signal } = this.#closing;
    const over = (): void => signal.removeEventListener('abort', stop);
    const succeed = (): void => {
      over();
      if (!signal.aborted) held.dispose();
    };
    const stop = waitFor(this.#ask(), this.#options.timeoutMs, { succeed, fail: over });
    signal.addEventListener('abort', stop);
  }

  #ask(): Promise<unknown> {
    const at = performance.now();
    if (this.#asked && at - this.#asked.at < PATIENCE_MS) return this.#asked.answer;
    const answer = this.#options.probe().finally(() => {
      if (this.#asked?.answer === answer) this.#asked = undefined;
    });
    this.#asked = { answer, at };
    return answer;
  }
}

/** Hears how a call ended, once. */
interface Waiting<Answer> {
  succeed(answer: Answer): void;
  fail(error: unknown): void;
  /** Gets the answer if it comes after the call has failed for being late. */
  onLate?: ((answer: Answer) => void) | undefined;
}

/** Waits for an answer so long. @returns stops the clock */
function waitFor<Answer>(
  answer: Promise<Answer>,
  timeoutMs: number,
  { succeed, fail, onLate }: Waiting<Answer>,
): () => void {
  let late = false;
  let reading: NodeJS.Immediate | undefined;
  const giveUp = (): void => {
    late = true;
    fail(new RedisUnavailable(`Redis did not answer in ${timeoutMs} ms`));
  };
  // Where this process itself was busy for so long, an answer may be waiting to be read: that comes first.
  const timer = setTimeout(() => {
    reading = setImmediate(giveUp);
  }, timeoutMs).unref();
  const stop = (): void => {
    clearTimeout(timer);
    clearImmediate(reading);
  };
  answer.then(
    (value) => {
      stop();
      if (late) onLate?.(value);
      else succeed(value);
    },
    (error) => {
      stop();
      if (!late) fail(error);
    },
  );
  return stop;
}
