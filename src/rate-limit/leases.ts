import type { QuotaLease } from './quota-store.js';

/** One running request of a subject whose usage is in memory. */
export class MemoryLease implements QuotaLease {
  /** Whether it holds a slot. */
  running = true;
  settled = false;

  constructor(
    readonly costMicros: number,
    /** The subject's row in the table of usage, and whose row it was then. */
    readonly row: number,
    readonly owner: number,
  ) {}
}

interface Expiring {
  readonly lease: MemoryLease;
  readonly at: number;
}

/** Leases that expire if they are not settled, by subject. Those that don't are not kept. */
export class ExpiringLeases {
  readonly #leases = new Map<number, Expiring[]>();

  add(lease: MemoryLease, at: number): void {
    const leases = this.#leases.get(lease.row);
    if (leases) leases.push({ lease, at });
    else this.#leases.set(lease.row, [{ lease, at }]);
  }

  /** Whether there is none. */
  get empty(): boolean {
    return this.#leases.size === 0;
  }

  /** Ends the leases of a subject whose time is over, forgets the settled ones, and gives how many slots come back. */
  expire(row: number, now: number): number {
    const leases = this.#leases.get(row);
    if (leases === undefined) return 0;
    let ended = 0;
    const running = leases.filter(({ lease, at }) => {
      if (!lease.running || at > now) return lease.running;
      lease.running = false;
      ended += 1;
      return false;
    });
    if (running.length > 0) this.#leases.set(row, running);
    else this.#leases.delete(row);
    return ended;
  }

  /** Forgets the leases of a subject. */
  forget(row: number): void {
    this.#leases.delete(row);
  }
}
