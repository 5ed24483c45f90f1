import type { QuotaLimits } from 'gatewright/rate-limit';

interface Entry {
  readonly at: number;
  points: number;
  cost: number;
}

/** An admitted request, to be settled. */
export interface ModelLease {
  readonly entry: Entry;
  readonly expiresAt: number;
}

/**
 * The limits, slowly and obviously: it keeps every request that was ever admitted and adds them up anew for each
 * question. It shares no code with the stores.
 */
export class ReferenceModel {
  #first: number | undefined;
  readonly #entries: Entry[] = [];
  #leases: ModelLease[] = [];

  /** Whether a request is admitted, and how much is left of each window after it (or before it, if refused). */
  reserve(now: number, limits: QuotaLimits, points: number, cost: number, leaseMs: number) {
    this.#leases = this.#leases.filter((lease) => lease.expiresAt > now);
    const amount = (dimension: string): number => (dimension === 'cost_per_hour' ? cost : points);
    const fits = limits.windows.every(
      ({ dimension, windowMs, limit }) => this.#used(now, dimension, windowMs) + amount(dimension) <= limit,
    );
    const allowed = fits && this.#leases.length < limits.concurrent;
    let lease: ModelLease | undefined;
    if (allowed) {
      this.#first ??= now;
      lease = { entry: { at: now, points, cost }, expiresAt: now + leaseMs };
      this.#entries.push(lease.entry);
      this.#leases.push(lease);
    }
    const remaining = limits.windows.map(({ dimension, windowMs, limit }) =>
      Math.max(0, Math.floor(limit - this.#used(now, dimension, windowMs))),
    );
    return { allowed, remaining, running: this.#leases.length, lease };
  }

  /** A settlement counts where it arrives, however late. */
  settle(now: number, lease: ModelLease, actual: number): void {
    this.#leases = this.#leases.filter((each) => each !== lease);
    if (actual !== lease.entry.cost)
      this.#entries.push({ at: now, points: 0, cost: actual - lease.entry.cost });
  }

  #used(now: number, dimension: string, windowMs: number): number {
    const first = this.#first ?? now;
    const bucketOf = (time: number): number => Math.floor((time - first) / windowMs);
    const bucket = bucketOf(now);
    const sum = (wanted: number): number =>
      this.#entries
        .filter((entry) => bucketOf(entry.at) === wanted)
        .reduce((total, entry) => total + (dimension === 'cost_per_hour' ? entry.cost : entry.points), 0);
    const covered = (bucket + 1) * windowMs - (now - first);
    return sum(bucket) + (sum(bucket - 1) * covered) / windowMs;
  }
}
