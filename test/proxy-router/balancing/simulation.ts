import type { Balancer, Candidate } from '../../../src/proxy-router/balancer.js';
import { PeakEwma } from '../../../src/proxy-router/peak-ewma.js';

/** A server that works on so many requests at once, and lets others wait in a queue. */
export interface Server {
  readonly weight?: number;
  readonly concurrency: number;
  /** Mean of what a request takes that began at this time, in milliseconds. */
  readonly serviceMs: (now: number) => number;
}

/** One request as it went. */
export interface Served {
  readonly server: number;
  readonly arrivedAt: number;
  readonly latencyMs: number;
}

class SimulatedTarget implements Candidate {
  readonly id: string;
  readonly weight: number;
  readonly latency = new PeakEwma();
  outstanding = 0;
  readonly #server: Server;
  readonly #freeAt: number[];
  readonly #clock: { now: number };

  constructor(server: Server, at: number, clock: { now: number }) {
    this.id = `target-${at}`;
    this.weight = server.weight ?? 1;
    this.#server = server;
    this.#freeAt = Array<number>(server.concurrency).fill(0);
    this.#clock = clock;
  }

  get latencyMs(): number {
    return this.latency.value(this.#clock.now);
  }

  /** When a request that arrives now will be done. */
  admit(random: () => number): number {
    const soonest = this.#freeAt.indexOf(Math.min(...this.#freeAt));
    const begins = Math.max(this.#clock.now, this.#freeAt[soonest] ?? 0);
    const ends = begins + exponential(this.#server.serviceMs(begins), random);
    this.#freeAt[soonest] = ends;
    return ends;
  }
}

function exponential(mean: number, random: () => number): number {
  return -mean * Math.log(1 - random());
}

interface Running {
  readonly target: SimulatedTarget;
  readonly endsAt: number;
  readonly latencyMs: number;
}

/**
 * Sends requests to servers through a balancer by a clock of its own: they arrive at random, at this rate on average,
 * and take exponentially distributed times. The same seed gives the same requests.
 */
export function simulate({
  balancer,
  servers,
  perSecond,
  durationMs,
  random,
}: {
  balancer: Balancer;
  servers: readonly Server[];
  perSecond: number;
  durationMs: number;
  random: () => number;
}): Served[] {
  const clock = { now: 0 };
  const targets = servers.map((server, at) => new SimulatedTarget(server, at, clock));
  const running: Running[] = [];
  const served: Served[] = [];
  for (let at = 0; at < durationMs; at += exponential(1_000 / perSecond, random)) {
    while ((running[0]?.endsAt ?? Number.POSITIVE_INFINITY) <= at) {
      const { target, endsAt, latencyMs } = running.shift() as Running;
      target.outstanding -= 1;
      target.latency.observe(latencyMs, endsAt);
    }
    clock.now = at;
    const target = balancer.choose(targets);
    const endsAt = target.admit(random);
    const latencyMs = endsAt - at;
    target.outstanding += 1;
    served.push({ server: targets.indexOf(target), arrivedAt: at, latencyMs });
    const before = running.findLastIndex((other) => other.endsAt <= endsAt);
    running.splice(before + 1, 0, { target, endsAt, latencyMs });
  }
  return served;
}

/** The latency that so large a share of the requests did not exceed, in milliseconds. */
export function quantile(served: readonly Served[], share: number): number {
  const sorted = served.map(({ latencyMs }) => latencyMs).sort((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** The share of the requests that a server got. */
export function shareOf(server: number, served: readonly Served[]): number {
  return served.filter((request) => request.server === server).length / served.length;
}
