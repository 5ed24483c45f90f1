import type { MaybeLater } from './api-key-store.js';

/** Where tickets wait to be used. It throws, or rejects, where it can't tell; the request is then refused with 503. */
export interface TicketStore {
  /**
   * Keeps what a ticket stands for, for `ttlMs` milliseconds and no longer.
   *
   * @param key 43 characters: the ticket's SHA-256
   */
  put(key: string, value: string, ttlMs: number): MaybeLater<void>;
  /** Gives it and forgets it, in one step: of two who ask at once, one has it. Undefined where there is none. */
  take(key: string): MaybeLater<string | undefined>;
}

/** Options of {@link MemoryTicketStore}. */
export interface MemoryTicketStoreOptions {
  /**
   * How many tickets may wait at a time; while it is full, no more are issued (503). One takes a few hundred bytes,
   * and as much as the claims of its JWT that are kept. A positive integer. Default 10,000.
   */
  readonly maxTickets?: number | undefined;
}

interface Waiting {
  readonly value: string;
  readonly until: number;
}

/** Tickets in this process's memory: another replica does not know them. */
export class MemoryTicketStore implements TicketStore {
  readonly #maxTickets: number;
  /** In the order in which they came. */
  readonly #waiting = new Map<string, Waiting>();

  constructor({ maxTickets = 10_000 }: MemoryTicketStoreOptions = {}) {
    this.#maxTickets = maxTickets;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @throws Error while it is full: somebody waits with each of them */
  put(key: string, value: string, ttlMs: number): void {
    const now = performance.now();
    this.#forgetExpired(now);
    if (this.#waiting.size >= this.#maxTickets)
      throw new Error(`No room for more than ${this.#maxTickets} tickets`);
    this.#waiting.set(key, { value, until: now + ttlMs });
  }

  take(key: string): string | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting && performance.now() < waiting.until ? waiting.value : undefined;
  }

  /** Those in front are the first to expire, or nearly so: a token that ends soon shortens its ticket's time. */
  #forgetExpired(now: number): void {
    for (const [key, { until }] of this.#waiting) {
      if (now < until) return;
      this.#waiting.delete(key);
    }
  }
}
