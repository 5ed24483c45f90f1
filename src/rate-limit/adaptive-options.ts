/** Options of `adaptive.load`. */
export interface LoadOptions {
  /**
   * How many requests may wait for their answer to begin, at the start: what the upstreams take with ease. Not below
   * `minLimit`, not above `maxLimit`. Default 20.
   */
  readonly initialLimit?: number | undefined;
  /** The limit does not fall below it. A positive integer. Default 5. */
  readonly minLimit?: number | undefined;
  /** The limit does not rise above it. A positive integer. Default 1000. */
  readonly maxLimit?: number | undefined;
  /** How far latency may exceed what is usual before the limit is cut: a factor of 1.1 to 10. Default 1.5. */
  readonly tolerance?: number | undefined;
  /** How often the limit is adapted at most, in milliseconds: 100 to 60,000. Default 1000. */
  readonly windowMs?: number | undefined;
  /**
   * Up to which share of the limit, everybody's requests counted, one of a tier is let through: above 0, at most 1.
   * Default `{ free: 0.5, basic: 0.7, premium: 0.85, enterprise: 1 }`, and for a tier of yours what `free` has. Those
   * given here are merged over the default. `system` is never shed.
   */
  readonly tiers?: Readonly<Record<string, number>> | undefined;
}

/** Options of `adaptive.behaviour`. */
export interface BehaviourOptions {
  /** Length of the intervals in which a subject's requests are counted, in milliseconds. Default 10,000. */
  readonly intervalMs?: number | undefined;
  /** How many intervals with requests there must be before anything is judged. Default 12. */
  readonly minIntervals?: number | undefined;
  /** About how many intervals the history goes back. Not less than `minIntervals`. Default 60. */
  readonly historyIntervals?: number | undefined;
  /** A subject departs from its history with more than so many times its mean in an interval. Default 3. */
  readonly ratio?: number | undefined;
  /** And with more than its mean and so many standard deviations. Default 4. */
  readonly sigmas?: number | undefined;
  /** And with more than so many requests in an interval. A positive integer. Default 20. */
  readonly minRequests?: number | undefined;
  /** What is left at least of a limit that is tightened: a factor of 0.01 to 1. Default 0.25. */
  readonly minFactor?: number | undefined;
}

/** Limits that adapt themselves. */
export interface AdaptiveOptions {
  /**
   * Limits how many requests of the whole process wait for their answer to begin, by latency, and sheds the lowest
   * tier first: 503 with `Retry-After`. `true`: with its defaults. Default false.
   */
  readonly load?: LoadOptions | boolean | undefined;
  /**
   * Tightens the limits per burst and minute of a subject that departs from its own history, and relaxes them when
   * it is back. Not together with `limiter`. `true`: with its defaults. Default false.
   */
  readonly behaviour?: BehaviourOptions | boolean | undefined;
}
