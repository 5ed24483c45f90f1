import { Row } from './row.js';
import { SUMS } from './sums.js';
import { daySpan } from './time-spans.js';

/** The subject that stands for all that came after there were as many as may be. */
export const OTHER = 'other';

/** What tells a row of usage apart. */
export interface UsageKey {
  readonly subject: string;
  readonly tier: string;
  readonly service: string;
}

/** Between the parts of a field; it is in no header field, and so in no name from a client. */
const SEPARATOR = '\0';

/** The field of a row of usage. */
export function usageField({ subject, tier, service }: UsageKey): string {
  return `u${subject}${SEPARATOR}${tier}${SEPARATOR}${service}`;
}

/** What a field says; undefined for one that is none of a row of usage. */
export function usageKeyOf(field: string): UsageKey | undefined {
  const [subject, tier, service] = field.slice(1).split(SEPARATOR);
  if (!field.startsWith('u') || subject === undefined || tier === undefined || service === undefined)
    return undefined;
  return { subject, tier, service };
}

/** The field that counts a row where there are too many. */
export function overflowField(field: string): string {
  const key = usageKeyOf(field);
  return key ? usageField({ ...key, subject: OTHER }) : field;
}

interface Entry {
  readonly tier: string;
  readonly service: string;
  readonly row: Row;
}

/** Usage of one day. */
export class UsageDay {
  readonly #subjects = new Map<string, Entry[]>();
  readonly #maxEntries: number;
  #size = 0;

  constructor(
    readonly name: string,
    maxEntries: number,
  ) {
    this.#maxEntries = maxEntries;
  }

  /** The row of a subject, tier and service, or that of `other` where there are too many. */
  rowOf(subject: string, tier: string, service: string): Row {
    const entries = this.#subjects.get(subject);
    if (entries !== undefined)
      for (const entry of entries) if (entry.tier === tier && entry.service === service) return entry.row;
    if (this.#size >= this.#maxEntries && subject !== OTHER) return this.rowOf(OTHER, tier, service);
    // Tiers may be anything, too, where a user's own function says them.
    if (this.#size >= this.#maxEntries * 2 && tier !== OTHER) return this.rowOf(OTHER, OTHER, service);
    return this.#add(subject, tier, service);
  }

  *rows(): Iterable<Row> {
    for (const entries of this.#subjects.values()) for (const { row } of entries) yield row;
  }

  #add(subject: string, tier: string, service: string): Row {
    const field = usageField({ subject, tier, service });
    const row = new Row(daySpan(this.name), field, SUMS);
    const entries = this.#subjects.get(subject);
    if (entries) entries.push({ tier, service, row });
    else this.#subjects.set(subject, [{ tier, service, row }]);
    this.#size += 1;
    return row;
  }
}

/** Usage of the last days; older ones are forgotten. */
export class UsageDays {
  readonly #days = new Map<string, UsageDay>();
  readonly #maxEntries: number;
  readonly #keepDays: number;

  constructor(maxEntries: number, keepDays: number) {
    this.#maxEntries = maxEntries;
    this.#keepDays = keepDays;
  }

  get names(): readonly string[] {
    return [...this.#days.keys()].sort();
  }

  get(name: string): UsageDay | undefined {
    return this.#days.get(name);
  }

  /** A day, begun if it is new. */
  open(name: string): UsageDay {
    const known = this.#days.get(name);
    if (known) return known;
    const day = new UsageDay(name, this.#maxEntries);
    this.#days.set(name, day);
    for (const old of this.names.slice(0, -this.#keepDays)) this.#days.delete(old);
    return day;
  }
}
