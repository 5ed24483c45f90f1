import type { LoadVerdict } from './latency-window.js';

/** Where slots come from and go back to. */
export interface SlotOwner {
  now(): number;
  release(service: string, verdict: LoadVerdict, startedAt: number): void;
}

/** The place of a request that was let through. It must be given back, in whatever way the request ends. */
export class LoadSlot {
  readonly #owner: SlotOwner;
  readonly #service: string;
  #startedAt: number | undefined;
  #held = true;

  constructor(owner: SlotOwner, service: string) {
    this.#owner = owner;
    this.#service = service;
  }

  /** The request goes on now: its clock starts. */
  start(): void {
    this.#startedAt = this.#owner.now();
  }

  /** Gives the slot back, once. A request that never went on says nothing. */
  end(verdict: LoadVerdict): void {
    if (!this.#held) return;
    this.#held = false;
    const startedAt = this.#startedAt;
    this.#owner.release(this.#service, startedAt === undefined ? 'unused' : verdict, startedAt ?? 0);
  }
}
