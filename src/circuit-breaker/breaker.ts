import { type CircuitBreakerPolicy, CircuitState, circuitBreaker, handleWhen } from 'cockatiel';
import type { BreakerState } from '../core/events.js';
import { FailureCounter } from './failure-counter.js';
import { HalfOpenTime } from './half-open-time.js';
import type { BreakerPolicy } from './policy-options.js';
import { Probes, type Settle } from './probes.js';
import type { Verdict } from './verdict.js';

/** A request that was let through. It must be told its verdict, once. */
export interface Attempt {
  /** Whether it is one of those by which a half-open breaker finds out. */
  readonly probe: boolean;
  /** @param retryAfterMs when the upstream asked to be asked again, where it has failed */
  settle(verdict: Verdict, retryAfterMs?: number): void;
}

/** Hears of changes of state. */
export type BreakerListener = (from: BreakerState, to: BreakerState, by: string | undefined) => void;

const names: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

/** What cockatiel is told of a failure. */
const failure = new Error('failure');
/** How long to wait where a probe is on its way, or other replicas decide. */
const SOON_MS = 1000;
/** How long to wait where only an operator can tell. */
const ISOLATED_MS = 30_000;

const fail = (): Promise<never> => Promise.reject(failure);
const ignore = (): void => undefined;

/**
 * One breaker: cockatiel's, seen as a gate. By itself cockatiel queues requests while it is half-open and counts
 * an error that it was not told about as a success; here everyone but the probes is refused at once, and a probe that
 * says nothing (its client left) hands its place to the next request.
 */
export class Breaker {
  readonly policy: BreakerPolicy;
  readonly #circuit: CircuitBreakerPolicy;
  readonly #counter: FailureCounter;
  readonly #time: HalfOpenTime;
  readonly #onChange: BreakerListener;
  /** What this process has seen, or an operator has said. */
  #own: BreakerState = 'closed';
  /** Whether enough other replicas see it failing. */
  #forced = false;
  #told: BreakerState = 'closed';
  /** How often its own state has changed. A request from before the last change says nothing about this state. */
  #changes = 0;
  #probes = new Probes(1);
  #held: { dispose(): void } | undefined;
  #by: string | undefined;
  #silent = false;
  #running = 0;
  /** When the state became what it is, in epoch milliseconds. */
  since = Date.now();
  /** When it was last asked, in epoch milliseconds. */
  usedAt = Date.now();

  constructor(policy: BreakerPolicy, onChange: BreakerListener) {
    this.policy = policy;
    this.#onChange = onChange;
    this.#counter = new FailureCounter(policy);
    this.#time = new HalfOpenTime(policy);
    this.#circuit = circuitBreaker(
      handleWhen((error) => error === failure),
      {
        halfOpenAfter: this.#time,
        breaker: this.#counter,
        halfOpenSampling: { calls: policy.halfOpenProbes, threshold: 0 },
      },
    );
    this.#circuit.onStateChange((state) => this.#changed(names[state]));
  }

  get state(): BreakerState {
    return this.#own === 'closed' && this.#forced ? 'open' : this.#own;
  }

  /** What this process would do by itself. */
  get ownState(): BreakerState {
    return this.#own;
  }

  /** Who isolated it, while it is. */
  get isolatedBy(): string | undefined {
    return this.#own === 'isolated' ? this.#by : undefined;
  }

  /** How many requests that were let through have no verdict yet. */
  get running(): number {
    return this.#running;
  }

  /** Lets a request through, or refuses it at once by giving undefined. */
  admit(): Attempt | undefined {
    this.usedAt = Date.now();
    switch (this.#own) {
      case 'closed':
        return this.#forced ? undefined : this.#attempt(this.#count, undefined);
      case 'open':
        return this.#time.isDue ? this.#probe() : undefined;
      case 'half-open':
        return this.#probe();
      default:
        return undefined;
    }
  }

  /** Milliseconds until a request may try again; a guess where this process does not know. */
  get retryAfterMs(): number {
    if (this.#own === 'open') return this.#time.leftMs;
    return this.#own === 'isolated' ? ISOLATED_MS : SOON_MS;
  }

  /**
   * Whether this process sees it failing. One that nobody has asked for a while, though it may be asked, is no witness.
   *
   * @param graceMs for how long what was due may be left untried
   */
  isFailing(graceMs: number): boolean {
    if (this.#own === 'half-open') return this.#probes.running > 0 || Date.now() - this.since < graceMs;
    return this.#own === 'open' && this.#time.overdueMs < graceMs;
  }

  /** Refuses everything until it is reset. */
  isolate(by: string): void {
    if (this.#held) return;
    this.#by = by;
    this.#held = this.#circuit.isolate();
  }

  /** Closes it, whatever it was, and forgets what it has counted. */
  reset(by?: string): void {
    this.#by = by;
    this.#silent = true;
    const held = this.#held ?? this.#circuit.isolate();
    this.#held = undefined;
    held.dispose();
    this.#silent = false;
    this.#counter.forget();
    this.#time.release();
    this.#forced = false;
    this.#tell();
    this.#by = undefined;
  }

  /** Other replicas see it failing, or not any more. */
  force(forced: boolean): void {
    this.#forced = forced;
    this.#tell();
  }

  #probe(): Attempt | undefined {
    // The first one has cockatiel go half-open, which makes new places.
    const first = this.#own === 'open' ? this.#execute() : undefined;
    const place = this.#probes.take(() => first ?? this.#execute());
    return place && this.#attempt(place, this.#probes);
  }

  #attempt(settle: Settle | undefined, probes: Probes | undefined): Attempt | undefined {
    if (settle === undefined) return undefined;
    const changes = this.#changes;
    this.#running += 1;
    return {
      probe: probes !== undefined,
      settle: (verdict, retryAfterMs) => {
        this.#running -= 1;
        const isCurrent = changes === this.#changes;
        if (retryAfterMs !== undefined && (isCurrent || this.#own === 'open')) this.#time.hold(retryAfterMs);
        if (!isCurrent) return;
        if (verdict === 'success') this.#time.release();
        if (verdict === 'neutral') probes?.giveBack(settle);
        else {
          probes?.settled();
          settle(verdict);
        }
      },
    };
  }

  /**
   * How a request ended that a closed breaker has let through. cockatiel hears of a success by its counter, as a call of
   * its own for each request would cost more than all else here, and of a failure by a call that has failed.
   */
  readonly #count: Settle = (verdict) => {
    if (verdict === 'success') this.#counter.success(CircuitState.Closed);
    else this.#circuit.execute(fail).catch(ignore);
  };

  /** A call that cockatiel waits for. */
  #execute(): Settle | undefined {
    let settle: Settle | undefined;
    this.#circuit
      .execute(
        () =>
          new Promise<void>((resolve, reject) => {
            settle = (verdict) => (verdict === 'success' ? resolve() : reject(failure));
          }),
      )
      .catch(ignore);
    return settle;
  }

  #changed(to: BreakerState): void {
    this.#own = to;
    this.#changes += 1;
    if (to === 'half-open') this.#probes = new Probes(this.policy.halfOpenProbes);
    if (to === 'closed') this.#time.release();
    if (!this.#silent) this.#tell();
  }

  #tell(): void {
    const from = this.#told;
    const to = this.state;
    if (from === to) return;
    this.#told = to;
    this.since = Date.now();
    this.#onChange(from, to, this.#by);
  }
}
