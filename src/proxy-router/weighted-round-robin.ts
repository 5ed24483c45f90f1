import type { Balancer, Candidate } from './candidate.js';

/** What a target is owed, in choices: its share of each choice that it was there for, less those that fell on it. */
interface Account {
  owed: number;
}

/** Sums of fractions that should be equal differ by less. */
const ROUNDING = 1e-9;

/**
 * Smooth weighted round-robin, as nginx does it: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
 *
 * What is owed is counted in choices rather than in weights, so that it keeps its meaning where weights or candidates
 * change. A target that is away is owed no more for it: it comes back to its share, without a burst.
 */
export function weightedRoundRobin(): Balancer {
  const accounts = new Map<string, Account>();

  /** Opens an account, and closes those of targets that seem to be gone for good. */
  function open(id: string, candidates: readonly Candidate[]): Account {
    if (accounts.size > 2 * candidates.length + 16) {
      const present = new Set(candidates.map((candidate) => candidate.id));
      for (const known of accounts.keys()) if (!present.has(known)) accounts.delete(known);
    }
    const account = { owed: 0 };
    accounts.set(id, account);
    return account;
  }

  return {
    choose<Target extends Candidate>(candidates: readonly Target[]): Target {
      let chosen = candidates[0] as Target;
      if (candidates.length === 1) return chosen;
      let totalWeight = 0;
      for (const { weight } of candidates) totalWeight += weight;
      let most: Account | undefined;
      for (const candidate of candidates) {
        const account = accounts.get(candidate.id) ?? open(candidate.id, candidates);
        account.owed += candidate.weight / totalWeight;
        if (most !== undefined && account.owed <= most.owed + ROUNDING) continue;
        most = account;
        chosen = candidate;
      }
      if (most !== undefined) most.owed -= 1;
      return chosen;
    },
  };
}
