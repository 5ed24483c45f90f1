import type { ResolvedLimits } from './options.js';

/** Why a request got no place. */
export type Refusal = 'full' | 'timeout' | 'closed';

/** A request that wants a place. */
export interface Waiter {
  /** It has one, and must `leave()` it. */
  enter(): void;
  refuse(why: Refusal): void;
}

/** The places of one bulkhead, and the queue in front of them: first in, first out. */
export class Places {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #onChange: () => void;
  /** In the order in which they came, with the timer of each. */
  readonly #queue = new Map<Waiter, NodeJS.Timeout>();
  #running = 0;
  #maxQueue: number;

  constructor(limits: ResolvedLimits, onChange: () => void) {
    this.#max = limits.maxConcurrent ?? Number.POSITIVE_INFINITY;
    this.#maxQueue = limits.maxQueue;
    this.#timeoutMs = limits.queueTimeoutMs;
    this.#onChange = onChange;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Gives a place, at once or later, or refuses; says whether it is to be waited for. */
  ask(waiter: Waiter): boolean {
    if (this.#running < this.#max) {
      this.#enter(waiter);
      return false;
    }
    if (this.#queue.size >= this.#maxQueue) {
      waiter.refuse('full');
      return false;
    }
    const timer = setTimeout(() => this.#giveUp(waiter, 'timeout'), this.#timeoutMs).unref();
    this.#queue.set(waiter, timer);
    this.#onChange();
    return true;
  }

  /** Whoever waits waits no more: its client has left. */
  forget(waiter: Waiter): void {
    if (this.#remove(waiter)) this.#onChange();
  }

  /** Gives a place back; who has waited longest gets it. */
  leave(): void {
    this.#running -= 1;
    const [next] = this.#queue.keys();
    if (next === undefined) {
      this.#onChange();
      return;
    }
    this.#remove(next);
    this.#enter(next);
  }

  /** Refuses all who wait, or would. */
  close(): void {
    this.#maxQueue = 0;
    for (const waiter of [...this.#queue.keys()]) this.#giveUp(waiter, 'closed');
  }

  #enter(waiter: Waiter): void {
    this.#running += 1;
    this.#onChange();
    waiter.enter();
  }

  #giveUp(waiter: Waiter, why: Refusal): void {
    this.#remove(waiter);
    this.#onChange();
    waiter.refuse(why);
  }

  #remove(waiter: Waiter): boolean {
    clearTimeout(this.#queue.get(waiter));
    return this.#queue.delete(waiter);
  }
}
