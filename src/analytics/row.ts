/**
 * Numbers that only grow, which belong together: what was counted under one name in one span of time. It knows how much
 * of itself is counted in Redis already.
 */
export class Row {
  readonly values: Float64Array;
  #shared: Float64Array | undefined;
  /** Whether it has grown since it was last taken. */
  dirty = false;

  constructor(
    /** The span of time, such as `day:2024-01-01`. */
    readonly span: string,
    /** Its name among the rows of that span. */
    readonly field: string,
    width: number,
  ) {
    this.values = new Float64Array(width);
  }

  /** What has been added since it was last taken. */
  get growth(): Float64Array {
    const shared = this.#shared;
    return shared ? this.values.map((value, at) => value - (shared[at] as number)) : this.values.slice();
  }

  /** Takes what has been added, to be counted elsewhere too. */
  take(): Float64Array {
    const { growth } = this;
    this.#shared = this.values.slice();
    this.dirty = false;
    return growth;
  }
}
