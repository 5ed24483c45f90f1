import {
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
} from 'cockatiel';
import type { BreakerState } from '../core/events.js';
import { FailureWindow } from './failure-window.js';
import type { ResolvedCircuitBreaker } from './options.js';

/** How a request that was let through ended, as far as the breaker is concerned. */
export type Verdict = 'success' | 'failure' | 'neutral';

/** The one place for a probe while half-open. */
interface Probe {
  readonly settle: Attempt;
  taken: boolean;
}

/** A request that was let through. It must be told its verdict, once. */
export type Attempt = (verdict: Verdict) => void;

const names: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

/** What cockatiel is told of a failure, and of a request that says nothing about the upstream. */
const failure = new Error('failure');
const neutral = new Error('neutral');
/** How long to wait where a probe is on its way. */
const PROBE_RETRY_MS = 1000;

const ignore = (): void => undefined;

/**
 * One breaker: cockatiel's, seen as a gate. By itself cockatiel queues requests while it is half-open and counts
 * an error that it was not told about as a success; here there is one probe at a time, everyone else is refused
 * at once, and a probe that says nothing (its client left) hands its place to the next request.
 */
export class Breaker {
  readonly #policy: CircuitBreakerPolicy;
  /** When a request may try again, while open. */
  #retryAt = 0;
  #state: BreakerState = 'closed';
  /** How often the state has changed. A request from before the last change says nothing about this state. */
  #changes = 0;
  #probe: Probe | undefined;

  constructor(config: ResolvedCircuitBreaker, onChange: (from: BreakerState, to: BreakerState) => void) {
    this.#policy = circuitBreaker(
      handleWhen((error) => error === failure),
      {
        halfOpenAfter: new DelegateBackoff(({ attempt }: { attempt: number }) => {
          const delayMs = Math.min(config.maxHalfOpenAfterMs, config.halfOpenAfterMs * 2 ** (attempt - 1));
          this.#retryAt = Date.now() + delayMs;
          return delayMs;
        }),
        breaker: new FailureWindow(config),
      },
    );
    this.#policy.onStateChange((state) => {
      const from = this.#state;
      this.#state = names[state];
      this.#changes += 1;
      if (state !== CircuitState.HalfOpen) this.#probe = undefined;
      onChange(from, this.#state);
    });
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Lets a request through, or refuses it at once by giving undefined. */
  admit(): Attempt | undefined {
    if (this.#state === 'half-open') return this.#takeOver();
    let attempt: Attempt | undefined;
    const probing = this.#state === 'open';
    this.#policy
      .execute(
        () =>
          new Promise<void>((resolve, reject) => {
            const settle = settler(resolve, reject);
            attempt = probing ? this.#startProbe(settle) : this.#inThisState(settle);
          }),
      )
      .catch(ignore);
    return attempt;
  }

  /** Milliseconds until a request may try again; a guess while a probe runs. */
  get retryAfterMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#retryAt - Date.now()) : PROBE_RETRY_MS;
  }

  #inThisState(settle: Attempt): Attempt {
    const changes = this.#changes;
    return (verdict) => {
      if (changes === this.#changes) settle(verdict);
    };
  }

  #startProbe(settle: Attempt): Attempt {
    this.#probe = { settle, taken: true };
    return this.#attemptOf(this.#probe);
  }

  #takeOver(): Attempt | undefined {
    const probe = this.#probe;
    if (probe === undefined || probe.taken) return undefined;
    probe.taken = true;
    return this.#attemptOf(probe);
  }

  #attemptOf(probe: Probe): Attempt {
    return (verdict) => {
      if (verdict === 'neutral') probe.taken = false;
      else probe.settle(verdict);
    };
  }
}

function settler(resolve: () => void, reject: (error: Error) => void): Attempt {
  return (verdict) => {
    if (verdict === 'success') resolve();
    else reject(verdict === 'failure' ? failure : neutral);
  };
}
