import type { Balancer, Candidate } from './candidate.js';
import { weightedRoundRobin } from './weighted-round-robin.js';

/**
 * The target with the fewest outstanding requests for its weight, as nginx's `least_conn`. Equals, such as the targets
 * of an idle service, take turns by weight.
 */
export function leastConnections(): Balancer {
  const turns = weightedRoundRobin();
  return {
    choose<Target extends Candidate>(candidates: readonly Target[]): Target {
      if (candidates.length === 1) return candidates[0] as Target;
      const equals: Target[] = [];
      let least = Number.POSITIVE_INFINITY;
      for (const candidate of candidates) {
        const load = candidate.outstanding / candidate.weight;
        if (load > least) continue;
        if (load < least) equals.length = 0;
        least = load;
        equals.push(candidate);
      }
      return turns.choose(equals);
    },
  };
}
