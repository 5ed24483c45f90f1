import type { BreakerState } from '../core/events.js';
import type { Breaker } from './breaker.js';
import type { ReplicaCount } from './shared-breakers.js';

/** What is known of one breaker. */
export interface BreakerInfo {
  /** What it is for. */
  readonly key: string;
  readonly state: BreakerState;
  /** Since when, in ISO 8601, UTC. */
  readonly since: string;
  /** Milliseconds until a request may try again; 0 where requests pass. */
  readonly retryAfterMs: number;
  /** How many requests that were let through have no status yet. */
  readonly running: number;
  /** Who has isolated it, while it is. */
  readonly isolatedBy: string | undefined;
  /** How many replicas live, and how many of them see it failing; undefined where states are not shared. */
  readonly replicas: ReplicaCount | undefined;
}

/** Describes a breaker as it is now. */
export function infoOf(key: string, breaker: Breaker, replicas: ReplicaCount | undefined): BreakerInfo {
  const { state, since, running, isolatedBy } = breaker;
  return {
    key,
    state,
    since: new Date(since).toISOString(),
    retryAfterMs: state === 'closed' ? 0 : breaker.retryAfterMs,
    running,
    isolatedBy,
    replicas,
  };
}
