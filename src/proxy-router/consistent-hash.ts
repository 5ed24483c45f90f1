import type { Balancer, Candidate } from './candidate.js';
import { type Digest, digestOf, rendezvousScore } from './rendezvous-score.js';
import { weightedRoundRobin } from './weighted-round-robin.js';

/** How far a target's outstanding requests may exceed its share of all of them. */
const BOUND = 1.25;

/**
 * The same key goes to the same target for as long as that can take it: rendezvous hashing with bounded loads (Mirrokni,
 * Thorup and Zadimoghaddam, 2017). A target with more than 1.25 times its share of the outstanding requests, rounded
 * up, is passed over for the next in the key's ranking; one that is idle never is. Requests without a key take turns.
 */
export function consistentHash(): Balancer {
  const turns = weightedRoundRobin();
  const digests = new Map<string, Digest>();

  function digestOfTarget(id: string, candidates: number): Digest {
    let digest = digests.get(id);
    if (digest === undefined) {
      if (digests.size > 2 * candidates + 16) digests.clear();
      digest = digestOf(id);
      digests.set(id, digest);
    }
    return digest;
  }

  return {
    choose<Target extends Candidate>(candidates: readonly Target[], key?: string): Target {
      let chosen = candidates[0] as Target;
      if (candidates.length === 1) return chosen;
      if (key === undefined) return turns.choose(candidates);
      const perWeight = boundPerWeight(candidates);
      const keyDigest = digestOf(key);
      let highest = 0;
      for (const candidate of candidates) {
        const { id, weight, outstanding } = candidate;
        if (outstanding >= Math.ceil(perWeight * weight)) continue;
        const score = rendezvousScore(keyDigest, digestOfTarget(id, candidates.length), weight);
        if (score <= highest) continue;
        highest = score;
        chosen = candidate;
      }
      return chosen;
    },
  };
}

/** What a target may have outstanding for each unit of its weight, the request in hand counted. */
function boundPerWeight(candidates: readonly Candidate[]): number {
  let totalWeight = 0;
  let outstanding = 1;
  for (const candidate of candidates) {
    totalWeight += candidate.weight;
    outstanding += candidate.outstanding;
  }
  return (BOUND * outstanding) / totalWeight;
}
