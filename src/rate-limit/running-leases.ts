/** Something that has its place among what runs. */
export interface Placed {
  /** Where it stands; -1 while it stands nowhere. */
  place: number;
}

/**
 * What runs, in no order. Each request comes and goes: a Set would make a table anew for each few dozen of them, and
 * of its old tables each keeps the next one from being collected while it is young.
 */
export class RunningLeases<Lease extends Placed> {
  readonly #leases: Lease[] = [];

  [Symbol.iterator](): IterableIterator<Lease> {
    return this.#leases.values();
  }

  add(lease: Lease): void {
    lease.place = this.#leases.push(lease) - 1;
  }

  /** Does nothing for one that stands nowhere. */
  delete(lease: Lease): void {
    const { place } = lease;
    if (place === -1) return;
    lease.place = -1;
    const last = this.#leases.pop() as Lease;
    if (last === lease) return;
    this.#leases[place] = last;
    last.place = place;
  }
}
