/** What a strategy knows of a target. */
export interface Candidate {
  /** Stable name, unique among the targets of a service. */
  readonly id: string;
  /** Share of the requests against the others': positive, fractional while a target is being warmed up. */
  readonly weight: number;
  /** Requests that run on it now. */
  readonly outstanding: number;
  /** What a request on it is likely to take, in milliseconds: a `PeakEwma`'s value. 0 where nothing is known. */
  readonly latencyMs: number;
}

/** Chooses the target of a request. */
export interface Balancer {
  /**
   * @param candidates at least one; those that may be chosen now. The set may differ at each call: ejected, drained
   *   and already tried targets are left out
   * @param key what consistent hashing goes by; undefined where the request has none
   */
  choose<Target extends Candidate>(candidates: readonly Target[], key?: string): Target;
}
