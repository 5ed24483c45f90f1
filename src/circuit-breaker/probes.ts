/** Tells cockatiel how a request that it has let through ended, once. */
export type Settle = (verdict: 'success' | 'failure') => void;

/**
 * The places of one half-open time. A probe that says nothing, as its client has left, gives its place back, and the
 * next request takes it.
 */
export class Probes {
  readonly #places: number;
  readonly #free: Settle[] = [];
  #started = 0;
  #settled = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** How many run. */
  get running(): number {
    return this.#started - this.#free.length - this.#settled;
  }

  /**
   * Takes a place.
   *
   * @param start begins one that nobody has had yet
   */
  take(start: () => Settle | undefined): Settle | undefined {
    const freed = this.#free.pop();
    if (freed) return freed;
    if (this.#started >= this.#places) return undefined;
    this.#started += 1;
    return start();
  }

  giveBack(place: Settle): void {
    this.#free.push(place);
  }

  settled(): void {
    this.#settled += 1;
  }
}
