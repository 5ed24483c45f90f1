/** Each bucket is so much wider than the one before: a quantile is off by 5 % at most. */
const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);
/** Where the first bucket ends, in milliseconds. */
const SHORTEST_MS = 0.1;

/** How many buckets there are; the last one is for all beyond 2 hours. */
export const LATENCY_BUCKETS = 190;

/** The bucket of a duration. */
export function bucketOf(milliseconds: number): number {
  if (!(milliseconds > SHORTEST_MS)) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log(milliseconds / SHORTEST_MS) / LOG_GROWTH));
}

/**
 * The duration, in milliseconds, below which such a share of all was: the middle of its bucket.
 *
 * @param counts how many fell into each bucket
 * @returns 0 where there were none
 */
export function quantileOf(counts: Float64Array, share: number): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return 0;
  const rank = Math.max(1, Math.ceil(share * total));
  let below = 0;
  let at = 0;
  while (at < counts.length - 1) {
    below += counts[at] as number;
    if (below >= rank) break;
    at += 1;
  }
  return at === 0 ? SHORTEST_MS / 2 : SHORTEST_MS * GROWTH ** (at - 0.5);
}
