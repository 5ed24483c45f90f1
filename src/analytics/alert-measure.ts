import { toDollars, toMicros } from '../core/money.js';
import type { ResolvedRule } from './alert-rule-options.js';
import { saneCost } from './event-cost.js';
import { isError, type RequestEvent } from './request-event.js';
import { SlotHistogram } from './slot-histogram.js';
import { SlotRing } from './slot-ring.js';
import { HOUR_MS } from './time-spans.js';

/** What a rule looks at. `key` tells apart what it judges one by one; it is empty where that is only one thing. */
export interface Measure {
  /** What there is to judge now. */
  keys(): Iterable<string>;
  /** Undefined where too little is known. */
  read(key: string): number | string | undefined;
  /** Says how long the slot of time under way was, in milliseconds, before anything is read. */
  pass(spanMs: number): void;
  /** Begins a new slot of time. */
  turn(): void;
}

/** A measure of requests. */
export interface RequestMeasure extends Measure {
  /** Cheap: a few additions. */
  record(event: RequestEvent): void;
}

const whole = [''];

/** The part that measures of all requests have in common: how much time the window has seen. */
abstract class WholeMeasure implements RequestMeasure {
  protected readonly rule: ResolvedRule;
  readonly #spans: SlotRing;
  readonly #slots: number;
  #turns = 0;

  constructor(rule: ResolvedRule, slots: number) {
    this.rule = rule;
    this.#slots = slots;
    this.#spans = new SlotRing(slots);
  }

  /** How much time to divide by: the window, or more where slots took longer. */
  protected get seenMs(): number {
    return Math.max(this.#spans.sum, this.rule.windowMs);
  }

  /** In the beginning little has been seen, which must not be taken for too little. */
  protected get isEarly(): boolean {
    return this.rule.below !== undefined && this.#turns < this.#slots;
  }

  keys(): Iterable<string> {
    return whole;
  }

  pass(spanMs: number): void {
    this.#spans.add(spanMs);
    this.#turns += 1;
  }

  turn(): void {
    this.#spans.turn();
    this.turnSlots();
  }

  abstract record(event: RequestEvent): void;
  abstract read(): number | undefined;
  protected abstract turnSlots(): void;
}

class ErrorRate extends WholeMeasure {
  readonly #requests: SlotRing;
  readonly #errors: SlotRing;

  constructor(rule: ResolvedRule, slots: number) {
    super(rule, slots);
    this.#requests = new SlotRing(slots);
    this.#errors = new SlotRing(slots);
  }

  record(event: RequestEvent): void {
    this.#requests.add(1);
    if (isError(event)) this.#errors.add(1);
  }

  read(): number | undefined {
    const { sum } = this.#requests;
    return this.isEarly || sum < this.rule.minimumRequests ? undefined : this.#errors.sum / sum;
  }

  protected turnSlots(): void {
    this.#requests.turn();
    this.#errors.turn();
  }
}

class Latency extends WholeMeasure {
  readonly #durations: SlotHistogram;

  constructor(rule: ResolvedRule, slots: number) {
    super(rule, slots);
    this.#durations = new SlotHistogram(slots);
  }

  record({ durationMs }: RequestEvent): void {
    this.#durations.add(durationMs);
  }

  read(): number | undefined {
    if (this.isEarly || this.#durations.count < this.rule.minimumRequests) return undefined;
    return this.#durations.quantile(this.rule.quantile);
  }

  protected turnSlots(): void {
    this.#durations.turn();
  }
}

class RequestRate extends WholeMeasure {
  readonly #requests: SlotRing;

  constructor(rule: ResolvedRule, slots: number) {
    super(rule, slots);
    this.#requests = new SlotRing(slots);
  }

  record(_event: RequestEvent): void {
    this.#requests.add(1);
  }

  read(): number | undefined {
    return this.isEarly ? undefined : (this.#requests.sum / this.seenMs) * 1000;
  }

  protected turnSlots(): void {
    this.#requests.turn();
  }
}

class CostPerHour extends WholeMeasure {
  readonly #micros: SlotRing;

  constructor(rule: ResolvedRule, slots: number) {
    super(rule, slots);
    this.#micros = new SlotRing(slots);
  }

  record({ cost }: RequestEvent): void {
    if (cost > 0) this.#micros.add(toMicros(saneCost(cost)));
  }

  read(): number | undefined {
    return this.isEarly ? undefined : toDollars(this.#micros.sum) * (HOUR_MS / this.seenMs);
  }

  protected turnSlots(): void {
    this.#micros.turn();
  }
}

const wholeMeasures = {
  error_rate: ErrorRate,
  latency: Latency,
  request_rate: RequestRate,
  cost_per_hour: CostPerHour,
};

/** The measure of a rule about all its requests together. */
export function wholeMeasure(
  rule: ResolvedRule,
  metric: keyof typeof wholeMeasures,
  slots: number,
): RequestMeasure {
  return new wholeMeasures[metric](rule, slots);
}
