import { adaptive } from './adaptive.js';
import type { Balancer } from './candidate.js';
import { consistentHash } from './consistent-hash.js';
import { leastConnections } from './least-connections.js';
import { weightedRoundRobin } from './weighted-round-robin.js';

export type { Balancer, Candidate } from './candidate.js';

/** How the target of a request is chosen. */
export type LoadBalancing = 'round-robin' | 'least-connections' | 'adaptive' | 'consistent-hash';

/**
 * A balancer for one service, whose state it holds.
 *
 * @param random a number from 0 up to 1, as of `Math.random`, which is the default
 */
export function createBalancer(strategy: LoadBalancing, random: () => number = Math.random): Balancer {
  switch (strategy) {
    case 'round-robin':
      return weightedRoundRobin();
    case 'least-connections':
      return leastConnections();
    case 'adaptive':
      return adaptive(random);
    case 'consistent-hash':
      return consistentHash();
  }
}
