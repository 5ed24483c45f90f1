/** Numbers of the last so many slots of time, the one under way included, and their sum. Whoever evaluates ends a slot. */
export class SlotRing {
  readonly #slots: Float64Array;
  #at = 0;
  #sum = 0;

  /** @param size how many slots there are */
  constructor(size: number) {
    this.#slots = new Float64Array(size);
  }

  /** Of all slots. */
  get sum(): number {
    return this.#sum;
  }

  add(amount: number): void {
    this.#slots[this.#at] = (this.#slots[this.#at] ?? 0) + amount;
    this.#sum += amount;
  }

  /** Begins a new slot in place of the oldest. */
  turn(): void {
    this.#at = (this.#at + 1) % this.#slots.length;
    this.#sum -= this.#slots[this.#at] ?? 0;
    this.#slots[this.#at] = 0;
    // Now and then anew: absurdly large numbers leave something behind when they are taken off again.
    if (this.#at === 0) this.#sum = this.#slots.reduce((sum, amount) => sum + amount, 0);
  }
}
