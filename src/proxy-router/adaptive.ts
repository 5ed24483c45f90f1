import type { Balancer, Candidate } from './candidate.js';

/**
 * The power of two choices (Mitzenmacher, 2001): of two targets drawn at random, the one where the request is likely to
 * be done first, by latency times what would be outstanding over weight, as Finagle's `p2c` with peak EWMA. All of a
 * burst going for the one best target is what the draw prevents.
 *
 * Targets are drawn by weight: of many small and few large ones, two small ones would mostly meet otherwise, and take
 * more than they can.
 */
export function adaptive(random: () => number): Balancer {
  return {
    choose<Target extends Candidate>(candidates: readonly Target[]): Target {
      if (candidates.length === 1) return candidates[0] as Target;
      let totalWeight = 0;
      for (const { weight } of candidates) totalWeight += weight;
      const first = draw(candidates, random() * totalWeight);
      const second = draw(candidates, random() * (totalWeight - first.weight), first);
      return isBetter(second, first) ? second : first;
    },
  };
}

/** The candidate in whose stretch the point lies, where each has one as long as its weight, the excluded one none. */
function draw<Target extends Candidate>(
  candidates: readonly Target[],
  point: number,
  excluded?: Target,
): Target {
  let rest = point;
  let drawn: Target | undefined;
  for (const candidate of candidates) {
    if (candidate === excluded) continue;
    drawn = candidate;
    rest -= candidate.weight;
    if (rest < 0) break;
  }
  return drawn as Target;
}

/**
 * Where one of the two has not been heard from, latency says nothing: a guess would send it everything, or nothing,
 * until its first answer.
 */
function isBetter(one: Candidate, other: Candidate): boolean {
  const known = one.latencyMs > 0 && other.latencyMs > 0;
  return loadOf(one) * (known ? one.latencyMs : 1) < loadOf(other) * (known ? other.latencyMs : 1);
}

function loadOf({ outstanding, weight }: Candidate): number {
  return (outstanding + 1) / weight;
}
