/** One number, and what tells it apart from the others of its name. */
export interface MeasuredValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Something that a part of a gateway can tell about itself when metrics are scraped. */
export interface Measurement {
  /** The name of the metric, by the conventions of Prometheus, such as `gateway_pool_connections`. */
  readonly name: string;
  readonly help: string;
  /** A counter only grows. */
  readonly type: 'gauge' | 'counter';
  /** What is shown of the values of several processes that serve one port. Default `sum`. */
  readonly merge?: 'sum' | 'max' | 'min' | undefined;
  readonly labels: readonly string[];
  /** The numbers of this moment. They are bounded by whoever gives them. */
  read(): Iterable<MeasuredValue>;
}

/** A part of a gateway that can be measured. */
export interface MeasurementSource {
  measurements(): readonly Measurement[];
}
