import { toDollars } from '../core/money.js';
import { rounded, type Scope } from './hour-report.js';
import { BYTES_IN, BYTES_OUT, COST_MICROS, DURATION_MICROS, ERRORS, plus, REQUESTS, SUMS } from './sums.js';
import { type UsageKey, usageKeyOf } from './usage-days.js';

/** What usage can be told apart by. */
export type UsageGroup = 'day' | 'subject' | 'tier' | 'service';

/** Which usage is asked for. */
export interface UsageQuery {
  /** The first day, such as `2024-01-01`, in UTC. Default: the last one. */
  readonly from?: string | undefined;
  /** The last day. Default: today. */
  readonly to?: string | undefined;
  /** What it is told apart by. Default: `subject`. */
  readonly by?: readonly UsageGroup[] | undefined;
  readonly subject?: string | undefined;
  readonly tier?: string | undefined;
  readonly service?: string | undefined;
  /** `local` leaves the other replicas out. Default `all`. */
  readonly scope?: Scope | undefined;
}

/** What was used, in the shape of `GET /api/usage`. */
export interface UsageFigures {
  readonly requests: number;
  readonly errors: number;
  /** Dollars. */
  readonly cost: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly avg_response_time_ms: number;
}

/** One line of a report: what it is told apart by, and what was used. */
export type UsageLine = Readonly<Partial<Record<UsageGroup, string>>> & UsageFigures;

/** Who used what. */
export interface UsageReport {
  readonly from: string;
  readonly to: string;
  readonly scope: Scope;
  readonly group_by: readonly UsageGroup[];
  /** The dearest first, then the busiest. */
  readonly usage: readonly UsageLine[];
  readonly total: UsageFigures;
}

/** Adds the rows of several days up. */
export class UsageSums {
  readonly #query: Pick<UsageQuery, 'subject' | 'tier' | 'service'>;
  readonly #by: readonly UsageGroup[];
  readonly #groups = new Map<string, { readonly names: readonly string[]; readonly sums: Float64Array }>();
  readonly #total = new Float64Array(SUMS);

  constructor(query: UsageQuery, by: readonly UsageGroup[]) {
    this.#query = query;
    this.#by = by;
  }

  /** Adds the rows of a day. */
  add(day: string, rows: ReadonlyMap<string, Float64Array>): void {
    for (const [field, values] of rows) {
      const key = usageKeyOf(field);
      if (key === undefined || !this.#isWanted(key)) continue;
      const names = this.#by.map((group) => (group === 'day' ? day : key[group]));
      const name = names.join('\0');
      let group = this.#groups.get(name);
      if (group === undefined) {
        group = { names, sums: new Float64Array(SUMS) };
        this.#groups.set(name, group);
      }
      plus(group.sums, values);
      plus(this.#total, values);
    }
  }

  get lines(): UsageLine[] {
    const sum = (sums: Float64Array, place: number): number => sums[place] as number;
    return [...this.#groups]
      .sort(
        ([nameA, { sums: a }], [nameB, { sums: b }]) =>
          sum(b, COST_MICROS) - sum(a, COST_MICROS) ||
          sum(b, REQUESTS) - sum(a, REQUESTS) ||
          (nameA < nameB ? -1 : 1),
      )
      .map(([, { names, sums }]) => ({
        ...Object.fromEntries(this.#by.map((group, at) => [group, names[at]])),
        ...figuresOf(sums),
      }));
  }

  get total(): UsageFigures {
    return figuresOf(this.#total);
  }

  #isWanted(key: UsageKey): boolean {
    const { subject, tier, service } = this.#query;
    return (
      (subject === undefined || key.subject === subject) &&
      (tier === undefined || key.tier === tier) &&
      (service === undefined || key.service === service)
    );
  }
}

function figuresOf(sums: Float64Array): UsageFigures {
  const of = (place: number): number => sums[place] as number;
  const requests = of(REQUESTS);
  return {
    requests,
    errors: of(ERRORS),
    cost: toDollars(of(COST_MICROS)),
    bytes_in: of(BYTES_IN),
    bytes_out: of(BYTES_OUT),
    avg_response_time_ms: requests === 0 ? 0 : rounded(of(DURATION_MICROS) / requests / 1000, 2),
  };
}
