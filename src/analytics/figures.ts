import { hourReport, type MetricsReport, type Scope } from './hour-report.js';
import { Ledger } from './ledger.js';
import type { RedisRows } from './redis-rows.js';
import type { RequestEvent } from './request-event.js';
import type { Row } from './row.js';
import { DAY_MS, dayOf, daySpan, daysBetween } from './time-spans.js';
import { type UsageQuery, type UsageReport, UsageSums } from './usage-report.js';

/** Options of {@link Figures}. */
export interface FiguresOptions {
  readonly maxEntries: number;
  readonly keepDays: number;
  /** How often what was counted goes to Redis, in milliseconds. */
  readonly flushMs: number;
  /** How long the last flush may take, in milliseconds. */
  readonly closeTimeoutMs: number;
}

/** What is counted by hour and by day, here and, through Redis, in all replicas. */
export class Figures {
  readonly #options: FiguresOptions;
  readonly #ledger: Ledger;
  readonly #redis: RedisRows | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: FiguresOptions, redis: RedisRows | undefined) {
    this.#options = options;
    this.#ledger = new Ledger(options, redis !== undefined);
    this.#redis = redis;
    if (redis) this.#timer = setInterval(() => this.#flush(redis), options.flushMs).unref();
  }

  add(event: RequestEvent): void {
    this.#ledger.add(event);
  }

  /** The current hour's figures of this process. */
  localReport(): MetricsReport {
    const now = Date.now();
    return hourReport(valuesOf(this.#rowsOfHour(now)), now, 'local');
  }

  /** The current hour's figures. */
  async report(scope: Scope): Promise<MetricsReport> {
    const now = Date.now();
    const { span } = this.#ledger.hourOf(now).totals;
    const shared = scope === 'all' ? await this.#read(span, () => this.#rowsOfHour(now)) : undefined;
    return shared ? hourReport(shared, now, 'all') : this.localReport();
  }

  /** Who used what. */
  async usage(query: UsageQuery): Promise<UsageReport> {
    const { to = dayOf(Date.now()), from = to, by = ['subject'] } = query;
    const days = this.#keptDays(from, to);
    let all = query.scope !== 'local' && this.#redis !== undefined;
    const rows: Map<string, Float64Array>[] = [];
    for (const day of days) {
      const own = (): Iterable<Row> => this.#ledger.rowsOfDay(day);
      const shared = all ? await this.#read(daySpan(day), own) : undefined;
      all = shared !== undefined;
      rows.push(shared ?? valuesOf(own()));
    }
    const sums = new UsageSums(query, by);
    // Where Redis was lost on the way, no days of all replicas are mixed with days of one.
    days.forEach((day, at) => {
      sums.add(day, all ? (rows[at] as Map<string, Float64Array>) : valuesOf(this.#ledger.rowsOfDay(day)));
    });
    return { from, to, scope: all ? 'all' : 'local', group_by: by, usage: sums.lines, total: sums.total };
  }

  /** Sends what is counted to Redis for the last time, within the time for that, and stops the timer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const redis = this.#redis;
    if (redis === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.closeTimeoutMs).unref();
    });
    // Once for what is on its way, once for what came since.
    const last = this.#flush(redis).then(() => this.#flush(redis));
    await Promise.race([last, late]);
    clearTimeout(timer);
    redis.close();
  }

  /** The days from one to another of which something may be kept, here or in Redis. Clocks may differ by some hours. */
  #keptDays(from: string, to: string): string[] {
    const now = Date.now();
    const oldest = dayOf(now - this.#options.keepDays * DAY_MS);
    const newest = dayOf(now + DAY_MS);
    return daysBetween(from < oldest ? oldest : from, to > newest ? newest : to);
  }

  #flush(redis: RedisRows): Promise<void> {
    return redis.flush(() => this.#ledger.takeGrown());
  }

  *#rowsOfHour(time: number): Iterable<Row> {
    const { totals, statuses } = this.#ledger.hourOf(time);
    yield totals;
    yield* statuses.values();
  }

  /** The rows of all replicas; undefined where they can't be had. */
  async #read(span: string, own: () => Iterable<Row>): Promise<Map<string, Float64Array> | undefined> {
    try {
      return await this.#redis?.read(span, own);
    } catch {
      return undefined; // The guard tells of it.
    }
  }
}

function valuesOf(rows: Iterable<Row>): Map<string, Float64Array> {
  const values = new Map<string, Float64Array>();
  for (const { field, values: numbers } of rows) values.set(field, numbers);
  return values;
}
