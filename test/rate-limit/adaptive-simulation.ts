import { LoadLimit } from '../../src/rate-limit/load-limit.js';
import type { LoadSlot } from '../../src/rate-limit/load-slot.js';
import { loadSchema } from '../../src/rate-limit/options.js';

const { exp, floor, imul, log, max, min, sqrt } = Math;

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many events of a Poisson process come in an interval. */
export function poisson(next: () => number, expected: number): number {
  const least = exp(-expected);
  let count = 0;
  for (let product = next(); product > least; product *= next()) count += 1;
  return count;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function deviation(values: readonly number[]): number {
  const usual = mean(values);
  return sqrt(mean(values.map((value) => (value - usual) ** 2)));
}

/** What an upstream is like at a time. */
export interface UpstreamShape {
  /** How many requests it works on at full speed. */
  readonly capacity: number;
  /** How fast it works; 1 is usual. */
  readonly speed?: number;
}

export interface Simulation {
  readonly seed: number;
  readonly seconds: number;
  /** Requests in a second. */
  readonly rate: (second: number) => number;
  readonly upstream: (second: number) => UpstreamShape;
  /** Options of `adaptive.load`; undefined for no limit at all. */
  readonly load?: object | undefined;
  /** After which a client leaves. */
  readonly patienceMs?: number;
  /** Mean of the exponentially distributed work of a request, and a second service's, with its share in a second. */
  readonly workMs?: number;
  readonly slowWorkMs?: number;
  readonly slowShare?: (second: number) => number;
}

/** Shares of the tiers in what is asked. */
const mix = { free: 0.5, basic: 0.2, premium: 0.2, enterprise: 0.1 };
export const tiers = Object.keys(mix) as readonly (keyof typeof mix)[];

interface Job {
  readonly workUntil: number;
  readonly leavesAt: number;
  readonly tier: keyof typeof mix;
  readonly slot: LoadSlot | undefined;
  gone: boolean;
}

const counts = () => ({ free: 0, basic: 0, premium: 0, enterprise: 0 });

/**
 * An upstream whose workers share what it can do (processor sharing). Beyond its capacity it gets less done the more
 * it works on, so that goodput collapses: what is answered before its client leaves.
 */
class SimulatedGateway {
  readonly offered = counts();
  readonly answered = counts();
  /** By second. */
  readonly goodput: number[] = [];
  readonly shed: number[] = [];
  readonly limits: number[] = [];
  readonly #simulation: Required<Omit<Simulation, 'load'>>;
  readonly #limit: LoadLimit | undefined;
  readonly #next: () => number;
  readonly #working = new Heap<Job>((job) => job.workUntil);
  /** In the order in which they would leave. */
  readonly #patient: Job[] = [];
  #firstPatient = 0;
  #running = 0;
  /** How much work each running request has had since the beginning. */
  #worked = 0;
  #now = 0;
  #arrival: number;

  constructor({ load, ...simulation }: Simulation) {
    const defaults = { patienceMs: 1000, workMs: 100, slowWorkMs: 100, slowShare: () => 0 };
    this.#simulation = { ...defaults, ...simulation };
    this.#limit = load && new LoadLimit(loadSchema.parse(load), () => this.#now);
    this.#next = random(simulation.seed);
    this.#arrival = this.#exponential(1000 / simulation.rate(0));
  }

  run(): this {
    for (let second = 0; second < this.#simulation.seconds; second += 1) {
      this.goodput.push(0);
      this.shed.push(0);
      while (this.#now < (second + 1) * 1000) this.#step(second);
      this.limits.push(this.#limit?.state.limit ?? Number.POSITIVE_INFINITY);
    }
    return this;
  }

  /** Goodput in a second, as a mean over the time given. */
  goodputOf(from: number, to = this.#simulation.seconds): number {
    return mean(this.goodput.slice(from, to));
  }

  /** What share of a tier's requests was answered in time. */
  served(tier: keyof typeof mix): number {
    return this.answered[tier] / this.offered[tier];
  }

  /** Goes on to whatever happens next. */
  #step(second: number): void {
    while (this.#patient[this.#firstPatient]?.gone) this.#firstPatient += 1;
    const patient = this.#patient[this.#firstPatient];
    const first = this.#working.first;
    const { capacity, speed = 1 } = this.#simulation.upstream(second);
    const excess = max(0, this.#running / capacity - 1);
    const rate = (speed * min(1, capacity / max(1, this.#running))) / (1 + 0.15 * excess);
    const done = first ? this.#now + max(0, first.workUntil - this.#worked) / rate : Number.POSITIVE_INFINITY;
    const leaves = patient?.leavesAt ?? Number.POSITIVE_INFINITY;
    const then = min(this.#arrival, done, leaves, (second + 1) * 1000);
    this.#worked += (then - this.#now) * rate;
    this.#now = then;
    if (then === this.#arrival) this.#arrive(second);
    else if (then === done) this.#finish(this.#working.takeFirst() as Job, second);
    else if (patient && then === leaves) this.#end(patient, 'left');
  }

  #arrive(second: number): void {
    const { rate, slowShare, workMs, slowWorkMs, patienceMs } = this.#simulation;
    this.#arrival = this.#now + this.#exponential(1000 / rate(second));
    const tier = this.#tier();
    const isSlow = this.#next() < slowShare(second);
    const work = this.#exponential(isSlow ? slowWorkMs : workMs);
    this.offered[tier] += 1;
    const slot = this.#limit?.admit(tier, isSlow ? 'slow' : 'fast');
    if (this.#limit && !slot) {
      this.shed[second] = (this.shed[second] ?? 0) + 1;
      return;
    }
    slot?.start();
    const leavesAt = this.#now + patienceMs;
    const job: Job = { workUntil: this.#worked + work, leavesAt, tier, slot, gone: false };
    this.#running += 1;
    this.#working.add(job);
    this.#patient.push(job);
  }

  #finish(job: Job, second: number): void {
    if (job.gone) return;
    this.answered[job.tier] += 1;
    this.goodput[second] = (this.goodput[second] ?? 0) + 1;
    this.#end(job, 'answered');
  }

  #end(job: Job, verdict: 'answered' | 'left'): void {
    job.gone = true;
    this.#running -= 1;
    job.slot?.end(verdict);
  }

  #tier(): keyof typeof mix {
    let at = this.#next();
    for (const tier of tiers) {
      if (at < mix[tier]) return tier;
      at -= mix[tier];
    }
    return 'enterprise';
  }

  #exponential(expected: number): number {
    return -expected * log(1 - this.#next());
  }
}

export function simulate(simulation: Simulation): SimulatedGateway {
  return new SimulatedGateway(simulation).run();
}

/** A heap that gives the least first. */
class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #key: (item: Item) => number;

  constructor(key: (item: Item) => number) {
    this.#key = key;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = floor((at - 1) / 2);
      const above = items[parent] as Item;
      if (this.#key(above) <= this.#key(item)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  takeFirst(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (let child = this.#lesserChild(at); child !== -1; child = this.#lesserChild(at)) {
      if (this.#key(items[child] as Item) >= this.#key(last)) break;
      items[at] = items[child] as Item;
      at = child;
    }
    items[at] = last;
    return first;
  }

  #lesserChild(at: number): number {
    const left = this.#items[2 * at + 1];
    const right = this.#items[2 * at + 2];
    if (left === undefined) return -1;
    return right !== undefined && this.#key(right) < this.#key(left) ? 2 * at + 2 : 2 * at + 1;
  }
}
