import { toDollars, toMicros } from '../core/money.js';
import type { RequestMeasure } from './alert-measure.js';
import { saneCost } from './event-cost.js';
import type { RequestEvent } from './request-event.js';
import { SlotRing } from './slot-ring.js';
import { HOUR_MS } from './time-spans.js';

/** So many slots are enough for each of many subjects: the window is off by a twelfth at most. */
const MOST_SLOTS = 12;

/** What stands for all subjects beyond those that are told apart. */
const OTHER = 'other';

/** What each subject costs in an hour. Bounded: subjects that come when there are too many are added up as `other`. */
export class SubjectCosts implements RequestMeasure {
  readonly #rings = new Map<string, SlotRing>();
  readonly #windowMs: number;
  readonly #max: number;
  readonly #slots: number;
  /** So many slots of those who evaluate are one here. */
  readonly #every: number;
  #turns = 0;

  constructor(windowMs: number, slots: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
    this.#every = Math.ceil(slots / MOST_SLOTS);
    this.#slots = Math.ceil(slots / this.#every);
  }

  record({ subject, cost }: RequestEvent): void {
    if (!(cost > 0)) return;
    const micros = toMicros(saneCost(cost));
    this.#ring(subject).add(micros);
  }

  keys(): Iterable<string> {
    return this.#rings.keys();
  }

  read(key: string): number {
    return toDollars(this.#rings.get(key)?.sum ?? 0) * (HOUR_MS / this.#windowMs);
  }

  pass(): void {
    // Its slots are taken to be as long as they should be.
  }

  turn(): void {
    this.#turns += 1;
    if (this.#turns % this.#every !== 0) return;
    for (const [subject, ring] of this.#rings) {
      ring.turn();
      if (ring.sum <= 0) this.#rings.delete(subject);
    }
  }

  #ring(subject: string): SlotRing {
    const known = this.#rings.get(subject);
    if (known) return known;
    const key = this.#rings.size < this.#max ? subject : OTHER;
    let ring = this.#rings.get(key);
    if (ring === undefined) {
      ring = new SlotRing(this.#slots);
      this.#rings.set(key, ring);
    }
    return ring;
  }
}
