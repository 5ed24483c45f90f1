import { bucketOf, LATENCY_BUCKETS } from './latency-buckets.js';
import type { RequestEvent } from './request-event.js';
import { Row } from './row.js';
import { addTo, SUMS } from './sums.js';
import { DAY_MS, dayOf, HOUR_MS, hourSpan } from './time-spans.js';
import { type UsageDay, UsageDays } from './usage-days.js';

/** How many hours are kept beside the current one: a clock may be set back, and a flush come late. */
const KEPT_HOURS = 2;

/** Where the latency buckets begin in the row of an hour. */
export const HOUR_BUCKETS_AT = SUMS;

/** The name of the row of an hour's sums. */
export const HOUR_TOTALS = 't';

/** What was counted in one hour of the clock, in UTC. */
export interface Hour {
  readonly number: number;
  readonly totals: Row;
  readonly statuses: Map<number, Row>;
}

/** Counts requests by hour, and by day, subject, tier and service. Bounded, and exact: what finds no row is `other`. */
export class Ledger {
  readonly #days: UsageDays;
  #hours: Hour[] = [];
  #dirty: Row[] | undefined;
  #hour: Hour | undefined;
  #day: UsageDay | undefined;
  #dayNumber = Number.NaN;

  /** @param tracked whether rows that have grown are remembered, to be taken */
  constructor(options: { readonly maxEntries: number; readonly keepDays: number }, tracked: boolean) {
    this.#days = new UsageDays(options.maxEntries, options.keepDays);
    this.#dirty = tracked ? [] : undefined;
  }

  add(event: RequestEvent): void {
    const hour = this.hourOf(event.timestamp);
    const { totals } = hour;
    addTo(totals.values, event);
    const bucket = HOUR_BUCKETS_AT + bucketOf(event.durationMs);
    totals.values[bucket] = (totals.values[bucket] as number) + 1;
    this.#touch(totals);
    const status = statusRow(hour, event.status);
    status.values[0] = (status.values[0] as number) + 1;
    this.#touch(status);
    const entry = this.#dayOf(event.timestamp).rowOf(event.subject, event.tier, event.service);
    addTo(entry.values, event);
    this.#touch(entry);
  }

  /** The hour of a time. */
  hourOf(time: number): Hour {
    const number = Math.floor(time / HOUR_MS);
    if (this.#hour?.number === number) return this.#hour;
    let hour = this.#hours.find((kept) => kept.number === number);
    if (hour === undefined) {
      const span = hourSpan(number);
      const totals = new Row(span, HOUR_TOTALS, SUMS + LATENCY_BUCKETS);
      hour = { number, totals, statuses: new Map() };
      this.#hours = [...this.#hours.slice(-KEPT_HOURS), hour];
    }
    this.#hour = hour;
    return hour;
  }

  /** The rows of a day, such as `2024-01-01`. */
  rowsOfDay(day: string): Iterable<Row> {
    return this.#days.get(day)?.rows() ?? [];
  }

  /** The days of which there are rows, oldest first. */
  get days(): readonly string[] {
    return this.#days.names;
  }

  /** The rows that have grown since they were last taken. */
  takeGrown(): Row[] {
    const grown = this.#dirty ?? [];
    if (this.#dirty) this.#dirty = [];
    return grown;
  }

  #dayOf(time: number): UsageDay {
    const number = Math.floor(time / DAY_MS);
    if (this.#day === undefined || this.#dayNumber !== number) {
      this.#day = this.#days.open(dayOf(time));
      this.#dayNumber = number;
    }
    return this.#day;
  }

  #touch(row: Row): void {
    if (row.dirty || this.#dirty === undefined) return;
    row.dirty = true;
    this.#dirty.push(row);
  }
}

/** An upstream may answer any status of three digits. */
function statusRow({ number, statuses }: Hour, status: number): Row {
  let row = statuses.get(status);
  if (row === undefined) {
    row = new Row(hourSpan(number), `s${status}`, 1);
    statuses.set(status, row);
  }
  return row;
}
