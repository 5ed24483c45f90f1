import { type Logger, silentLogger } from '../core/logger.js';
import { ANONYMOUS_TIER, SYSTEM_TIER } from '../core/tiers.js';
import { LatencyLimit } from './latency-limit.js';
import type { LoadVerdict } from './latency-window.js';
import { LoadSlot, type SlotOwner } from './load-slot.js';
import type { ResolvedLoad } from './options.js';

/** Up to which share of the limit, everybody's requests counted, one of a tier is let through. */
const defaultShares: Readonly<Record<string, number>> = {
  [ANONYMOUS_TIER]: 0.5,
  basic: 0.7,
  premium: 0.85,
  enterprise: 1,
};

/** So long without having shed anything, and it is over, in milliseconds. */
const OVER_AFTER_MS = 60_000;

/** How the whole process stands. */
export interface LoadState {
  /** How many requests may wait for their answer to begin. */
  readonly limit: number;
  /** How many do. */
  readonly waiting: number;
}

/**
 * Slots for the requests that wait for their answer to begin, as many as their latency allows. A tier may fill them
 * up to its share, so that the lowest is shed first. A slot is held until the status, for that long is what latency
 * is measured: a stream that goes on for an hour says nothing of how busy an upstream is.
 */
export class LoadLimit implements SlotOwner {
  readonly #latency: LatencyLimit;
  readonly #shares: ReadonlyMap<string, number>;
  readonly #unknownShare: number;
  readonly #now: () => number;
  readonly #logger: Logger;
  #waiting = 0;
  #shedAt: number | undefined;

  /** @param now a clock that never goes back, in milliseconds */
  constructor(config: ResolvedLoad, now = () => performance.now(), logger: Logger = silentLogger) {
    const shares = new Map(Object.entries({ ...defaultShares, ...config.tiers }));
    this.#unknownShare = shares.get(ANONYMOUS_TIER) as number;
    this.#shares = shares.set(SYSTEM_TIER, Number.POSITIVE_INFINITY);
    this.#latency = new LatencyLimit(config, now());
    this.#now = now;
    this.#logger = logger;
  }

  get state(): LoadState {
    return { limit: Math.ceil(this.#latency.limit), waiting: this.#waiting };
  }

  /** Up to how many waiting requests one of this tier is let through. */
  ceilingOf(tier: string): number {
    return (this.#shares.get(tier) ?? this.#unknownShare) * this.#latency.limit;
  }

  /** Gives a slot, or undefined where the request must be shed. */
  admit(tier: string, service: string): LoadSlot | undefined {
    const pressure = this.#waiting / this.ceilingOf(tier);
    this.#latency.press(pressure);
    if (pressure >= 1) {
      this.#shed();
      return undefined;
    }
    if (this.#shedAt !== undefined) this.#calmDown(this.#shedAt);
    this.#waiting += 1;
    return new LoadSlot(this, service);
  }

  /** The clock. */
  now(): number {
    return this.#now();
  }

  /** A slot comes back. */
  release(service: string, verdict: LoadVerdict, startedAt: number): void {
    const now = this.#now();
    this.#waiting -= 1;
    this.#latency.record(service, verdict, now - startedAt, now);
  }

  #shed(): void {
    if (this.#shedAt === undefined)
      this.#logger.warn('Requests are shed: too many wait for their answer', this.#details());
    this.#shedAt = this.#now();
  }

  #calmDown(shedAt: number): void {
    if (this.#now() - shedAt < OVER_AFTER_MS) return;
    this.#shedAt = undefined;
    this.#logger.info('Requests are shed no longer', this.#details());
  }

  #details(): Record<string, unknown> {
    return { ...this.state };
  }
}
