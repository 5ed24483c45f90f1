import type { Dimension } from '../core/dimensions.js';
import { toDollars } from '../core/money.js';
import { ceilingOf } from './quota-plan.js';
import type { QuotaDecision, QuotaLimits } from './quota-store.js';

/** How one dimension of a subject stands. Requests, or dollars for `cost_per_hour`. */
export interface DimensionState {
  readonly dimension: Dimension;
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** Whether a request of one point would be refused by it now. */
  readonly refuses: boolean;
}

/** How a subject stands. */
export interface Explanation {
  readonly subject: string;
  readonly allowed: boolean;
  readonly dimensions: readonly DimensionState[];
}

/** Says what is used, what is left, and what would refuse. */
export function explain(subject: string, limits: QuotaLimits, decision: QuotaDecision): Explanation {
  const dimensions = limits.windows.map((window, at): DimensionState => {
    const { remaining = 0, resetMs = 0 } = decision.windows[at] ?? {};
    const unit = window.dimension === 'cost_per_hour' ? toDollars : (value: number) => value;
    const limit = ceilingOf(window);
    return {
      dimension: window.dimension,
      limit: unit(limit),
      used: unit(limit - remaining),
      remaining: unit(remaining),
      refuses: !decision.allowed && resetMs > 0,
    };
  });
  if (Number.isFinite(limits.concurrent)) {
    const { running } = decision;
    const remaining = Math.max(0, limits.concurrent - running);
    dimensions.push({
      dimension: 'concurrent',
      limit: limits.concurrent,
      used: running,
      remaining,
      refuses: remaining === 0,
    });
  }
  return { subject, allowed: decision.allowed, dimensions };
}
