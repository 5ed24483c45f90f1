/** Bucket boundaries of OpenTelemetry's HTTP semantic conventions, in seconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Durations counted in buckets. */
export class DurationHistogram {
  /** How many fell into each bucket, the last one being for what is longer than all boundaries. */
  readonly counts = new Float64Array(DURATION_BUCKETS.length + 1);
  /** Seconds. */
  sum = 0;
  count = 0;

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let at = 0;
    while (at < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += seconds;
    this.count += 1;
  }
}
