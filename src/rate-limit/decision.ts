import type { Dimension } from '../core/dimensions.js';
import { ceilingOf, planOf } from './quota-plan.js';
import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaState } from './quota-store.js';

/** How long a request should wait that was refused for concurrency: nobody knows when a slot comes back. */
const CONCURRENCY_RETRY_MS = 1000;

/** For each window what is left and the milliseconds until its reset, one after the other, as Redis answers it. */
export type Standing = readonly number[];

/** A decision, from how each window stands. What refuses for longest is named, else the one with the least left. */
export function decide(
  limits: QuotaLimits,
  standing: Standing,
  running: number,
  allowed: boolean,
  lease: QuotaLease | undefined,
): QuotaDecision {
  const { windows } = limits;
  const at = allowed ? tightest(planOf(limits).ceilings, standing) : longest(standing);
  const window = windows[at];
  if (window === undefined) return byConcurrency(limits, standing, running, allowed, lease);
  const { dimension } = window;
  const remaining = standing[2 * at] as number;
  const resetMs = standing[2 * at + 1] as number;
  return new Decision(allowed, dimension, ceilingOf(window), remaining, resetMs, running, lease, standing);
}

/**
 * Slots are named where they refuse, or where there is no window: whoever reads that a request was allowed has its
 * own slot back.
 */
function byConcurrency(
  { concurrent }: QuotaLimits,
  standing: Standing,
  running: number,
  allowed: boolean,
  lease: QuotaLease | undefined,
): QuotaDecision {
  const limited = concurrent !== Number.POSITIVE_INFINITY;
  const dimension = limited ? 'concurrent' : undefined;
  const remaining = Math.max(0, concurrent - running);
  const resetMs = limited ? CONCURRENCY_RETRY_MS : 0;
  return new Decision(allowed, dimension, concurrent, remaining, resetMs, running, lease, standing);
}

/** Hardly anybody asks for the state of each window, so that it becomes objects only when somebody does. */
class Decision implements QuotaDecision {
  readonly #standing: Standing;

  constructor(
    readonly allowed: boolean,
    readonly dimension: Dimension | undefined,
    readonly limit: number,
    readonly remaining: number,
    readonly resetMs: number,
    readonly running: number,
    readonly lease: QuotaLease | undefined,
    standing: Standing,
  ) {
    this.#standing = standing;
  }

  get windows(): QuotaState[] {
    const states: QuotaState[] = [];
    for (let at = 0; at < this.#standing.length; at += 2) {
      states.push({ remaining: this.#standing[at] as number, resetMs: this.#standing[at + 1] as number });
    }
    return states;
  }
}

function tightest(ceilings: Float64Array, standing: Standing): number {
  let found = -1;
  let left = 1;
  let of = 0;
  for (let at = 0; at < ceilings.length; at += 1) {
    const remaining = standing[2 * at] as number;
    const ceiling = ceilings[at] as number;
    // Shares, compared without a division; the first one is always less.
    if (found !== -1 && remaining * of >= left * ceiling) continue;
    left = remaining;
    of = ceiling;
    found = at;
  }
  return found;
}

function longest(standing: Standing): number {
  let most = 0;
  let found = -1;
  for (let at = 0; 2 * at < standing.length; at += 1) {
    const resetMs = standing[2 * at + 1] as number;
    if (resetMs <= most) continue;
    most = resetMs;
    found = at;
  }
  return found;
}
