import { LatencyWindow, type LoadVerdict, type WindowReport } from './latency-window.js';
import type { ResolvedLoad } from './options.js';
import { RISE } from './service-latency.js';

/** The limit follows latency in windows in which it was nearly reached: the pressure. */
const NEAR = 0.75;
/** Below this pressure nobody queues: what latency is then is usual. */
const CALM = 0.5;
/** What is left of the limit after a cut: the gradient, within these bounds. */
const LEAST_LEFT = 0.7;
const MOST_LEFT = 0.9;
/** Cut to this share of what it was, and latency still at that share of the worst: it is no queue of ours. */
const CUT_FAR = 1 / 4;
const NOT_CURED = 1 / 2;
/** What is remembered of the highest limit and of the worst latency after each window. */
const FADING = 0.99;
/** With a greater share of clients that left, it is not known how long answers take. */
const MANY_LEFT = 0.1;

/**
 * A limit on requests that run at a time, which follows their latency. While latency is usual, it grows by its own
 * square root in each window that comes near it; beyond what is tolerated, it is cut by the gradient, tolerated over
 * observed.
 *
 * After Gradient2 of Netflix's concurrency-limits (https://github.com/Netflix/concurrency-limits), but for what is
 * usual: Gradient2's long-term mean follows an overload that lasts, and the limit grows with it until nothing is
 * protected. Here the usual is learnt in windows in which nobody queues.
 */
export class LatencyLimit {
  readonly #config: ResolvedLoad;
  readonly #window: LatencyWindow;
  #limit: number;
  /** From the start on, as long as each window sheds, the limit doubles. */
  #starting = true;
  #highest: number;
  #worst = 1;

  constructor(config: ResolvedLoad, now: number) {
    this.#config = config;
    this.#window = new LatencyWindow(config.windowMs, config.tolerance, now);
    this.#limit = config.initialLimit;
    this.#highest = config.initialLimit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** A request has come so near to being shed; at 1 it was. */
  press(pressure: number): void {
    this.#window.press(pressure);
  }

  /** A request that was let through took so long until its answer began, or until it was clear that none will. */
  record(service: string, verdict: LoadVerdict, ms: number, now: number): void {
    this.#window.record(service, verdict, ms, now);
    if (!this.#window.isOver(now)) return;
    const report = this.#window.report();
    this.#worst = Math.max(report.latency, this.#worst * FADING);
    this.#adapt(report);
    const slower = this.#isSlower(report);
    if (slower) this.#worst /= RISE;
    this.#highest = Math.max(this.#limit, this.#highest * FADING);
    this.#window.restart({ tolerance: this.#config.tolerance, calm: report.pressure < CALM, slower, now });
  }

  #adapt({ latency, congestion, pressure }: WindowReport): void {
    const { tolerance, minLimit, maxLimit } = this.#config;
    if (congestion === undefined) return;
    const near = pressure >= NEAR;
    if (pressure < 1 || congestion > tolerance) this.#starting = false;
    let next = this.#limit;
    if (congestion <= tolerance) {
      if (near) next += this.#starting ? next : Math.sqrt(next);
    } else if (near || congestion > latency) {
      next *= Math.max(LEAST_LEFT, Math.min(MOST_LEFT, tolerance / congestion));
    }
    this.#limit = Math.max(minLimit, Math.min(maxLimit, next));
  }

  /** Whether the limit was cut far without a cure: the upstream itself has become slower. */
  #isSlower({ latency, pressure, left }: WindowReport): boolean {
    const { tolerance, minLimit } = this.#config;
    const cutFar = pressure >= NEAR && this.#limit <= Math.max(minLimit, this.#highest * CUT_FAR);
    return cutFar && left < MANY_LEFT && latency > Math.max(tolerance, this.#worst * NOT_CURED);
  }
}
