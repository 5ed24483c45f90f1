import { ServiceLatency, type WindowEvidence } from './service-latency.js';

/** How a request that held a slot went, as far as load is concerned; `unused` says nothing about it. */
export type LoadVerdict = 'answered' | 'dropped' | 'left' | 'unused';

/** What a window has shown. */
export interface WindowReport {
  /** How long requests took, over how long they usually take; 1 where nothing is usual yet. */
  readonly latency: number;
  /** The same with drops, which weigh as much as very slow answers. Undefined where nothing is usual yet. */
  readonly congestion: number | undefined;
  /** How near a request came to being shed; at 1 it was. */
  readonly pressure: number;
  /** Share of clients that left after a long wait: the mean says too little about how long answers take. */
  readonly left: number;
}

/** So few answers say nothing: a window lasts until there are more. */
const LEAST_SAMPLES = 10;
/** A window lasts as long as an answer takes, so that a changed limit shows in it, but no longer than this. */
const LONGEST_MS = 10_000;
/** A drop weighs as much as an answer that took so many times what is tolerated. */
const DROP_WEIGHT = 4;
/** Services after these count as one. */
const MAX_SERVICES = 1000;

/**
 * What happened since the limit was adapted last. Services differ in how long they take: what their requests took
 * is added up and compared with what they usually take, which is their share in what runs (Little's law).
 */
export class LatencyWindow {
  readonly #windowMs: number;
  readonly #tolerance: number;
  readonly #services = new Map<string, ServiceLatency>();
  #startedAt: number;
  #pressure = 0;
  #samples = 0;
  #left = 0;
  #lastMeanMs = 0;

  constructor(windowMs: number, tolerance: number, now: number) {
    this.#windowMs = windowMs;
    this.#tolerance = tolerance;
    this.#startedAt = now;
  }

  press(pressure: number): void {
    if (pressure > this.#pressure) this.#pressure = pressure;
  }

  record(name: string, verdict: LoadVerdict, ms: number, now: number): void {
    if (verdict === 'unused') return;
    const service = this.#service(name, now);
    if (verdict === 'left') {
      // Whoever leaves says nothing, but for having waited for longer than is tolerated already.
      if (!service.known || ms <= service.usualMs * this.#tolerance) return;
      this.#left += 1;
    }
    if (verdict === 'dropped') service.drops += 1;
    else service.answered(ms);
    this.#samples += 1;
  }

  isOver(now: number): boolean {
    if (this.#samples < LEAST_SAMPLES) return false;
    return now - this.#startedAt >= Math.max(this.#windowMs, Math.min(LONGEST_MS, this.#lastMeanMs));
  }

  report(): WindowReport {
    let tookMs = 0;
    let usualMs = 0;
    let droppedMs = 0;
    for (const service of this.#services.values()) {
      if (!service.known) continue;
      tookMs += service.totalMs;
      usualMs += service.answers * service.usualMs;
      droppedMs += service.drops * service.usualMs;
    }
    const expectedMs = usualMs + droppedMs;
    const weighedMs = tookMs + droppedMs * DROP_WEIGHT * this.#tolerance;
    return {
      latency: usualMs > 0 ? tookMs / usualMs : 1,
      congestion: expectedMs > 0 ? weighedMs / expectedMs : undefined,
      pressure: this.#pressure,
      left: this.#left / this.#samples,
    };
  }

  /** Learns what is usual, and begins the next window. */
  restart(evidence: WindowEvidence): void {
    let answers = 0;
    let totalMs = 0;
    for (const service of this.#services.values()) {
      answers += service.answers;
      totalMs += service.totalMs;
      service.endWindow(evidence);
    }
    if (answers > 0) this.#lastMeanMs = totalMs / answers;
    this.#startedAt = evidence.now;
    this.#pressure = 0;
    this.#samples = 0;
    this.#left = 0;
  }

  #service(name: string, now: number): ServiceLatency {
    const key = this.#services.size < MAX_SERVICES || this.#services.has(name) ? name : '';
    let service = this.#services.get(key);
    if (service === undefined) {
      service = new ServiceLatency(now);
      this.#services.set(key, service);
    }
    return service;
  }
}
