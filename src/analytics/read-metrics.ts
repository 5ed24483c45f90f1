import { Counter, Gauge, Histogram, type LabelValues, type MetricType, type Registry } from 'prom-client';
import type { Measurement } from '../core/measurement.js';
import { DURATION_BUCKETS, type DurationHistogram } from './duration-histogram.js';

type Labels = LabelValues<string>;

/** Numbers of one name, read when somebody scrapes: nothing is done for them while requests run. */
export type Read = () => Iterable<{ readonly labels: Labels; readonly value: number }>;

/** What a metric is called. */
export interface MetricConfig {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[] | undefined;
  readonly registry: Registry;
  /** What is shown of the values of several processes. Default `sum`. */
  readonly merge?: Measurement['merge'];
}

/** A counter whose values are read. */
export class ReadCounter extends Counter {
  readonly #config: MetricConfig;
  readonly #read: Read;

  constructor(config: MetricConfig, read: Read) {
    super(configOf(config));
    this.#config = config;
    this.#read = read;
  }

  override async get() {
    return described(this.#config, 'counter', [...this.#read()]);
  }
}

/** A gauge whose values are read. */
export class ReadGauge extends Gauge {
  readonly #config: MetricConfig;
  readonly #read: Read;

  constructor(config: MetricConfig, read: Read) {
    super(configOf(config));
    this.#config = config;
    this.#read = read;
  }

  override async get() {
    return described(this.#config, 'gauge', [...this.#read()]);
  }
}

/** A histogram of durations whose values are read. */
export class ReadHistogram extends Histogram {
  readonly #config: MetricConfig;
  readonly #read: () => Iterable<{ readonly labels: Labels; readonly histogram: DurationHistogram }>;

  constructor(
    config: MetricConfig,
    read: () => Iterable<{ readonly labels: Labels; readonly histogram: DurationHistogram }>,
  ) {
    super({ ...configOf(config), buckets: DURATION_BUCKETS });
    this.#config = config;
    this.#read = read;
  }

  override async get() {
    const values = [];
    for (const { labels, histogram } of this.#read()) values.push(...this.#valuesOf(labels, histogram));
    return described(this.#config, 'histogram', values);
  }

  /** What a registry asks for when it makes text. */
  getForPromString() {
    return this.get();
  }

  *#valuesOf(labels: Labels, { counts, sum, count }: DurationHistogram) {
    const { name } = this.#config;
    let below = 0;
    for (const [at, le] of [...DURATION_BUCKETS, '+Inf'].entries()) {
      below += counts[at] as number;
      yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
    }
    yield { metricName: `${name}_sum`, labels, value: sum };
    yield { metricName: `${name}_count`, labels, value: count };
  }
}

function configOf({ name, help, labelNames, registry }: MetricConfig) {
  return { name, help, labelNames: labelNames ?? [], registers: [registry] };
}

/** What a registry is told of a metric. */
function described<Value>(
  { name, help, merge = 'sum' }: MetricConfig,
  type: 'counter' | 'gauge' | 'histogram',
  values: Value[],
) {
  // prom-client's types say that it is a number, which it is not.
  return {
    name,
    help,
    type: type as unknown as MetricType,
    values,
    aggregator: merge,
    collect: nothing,
  };
}

/** The values are read as they are asked for. */
function nothing(): void {}
