import { ceilingOf } from './decision.js';
import type { QuotaLimits, QuotaWindow } from './quota-store.js';
import { placeOf } from './window-places.js';

/** Limits as arrays of numbers, which a loop over the windows reads fastest. */
export interface QuotaPlan {
  readonly windows: readonly QuotaWindow[];
  /** Where each window's numbers lie among the counters of a subject. */
  readonly places: Uint8Array;
  readonly windowMs: Float64Array;
  readonly ceilings: Float64Array;
  /** 1 for a window of cost, 0 for one of points. */
  readonly ofCost: Uint8Array;
  /** 1 for a token bucket, 0 for a sliding window. */
  readonly isBucket: Uint8Array;
}

const plans = new WeakMap<QuotaLimits, QuotaPlan>();

/** What was asked for last: most subjects in a row have the same limits. */
let lastLimits: QuotaLimits | undefined;
let lastPlan: QuotaPlan | undefined;

export function planOf(limits: QuotaLimits): QuotaPlan {
  if (limits === lastLimits) return lastPlan as QuotaPlan;
  let plan = plans.get(limits);
  if (plan === undefined) {
    const { windows } = limits;
    plan = {
      windows,
      places: Uint8Array.from(windows, placeOf),
      windowMs: Float64Array.from(windows, ({ windowMs }) => windowMs),
      ceilings: Float64Array.from(windows, ceilingOf),
      ofCost: Uint8Array.from(windows, ({ dimension }) => Number(dimension === 'cost_per_hour')),
      isBucket: Uint8Array.from(windows, ({ capacity }) => Number(capacity !== undefined)),
    };
    plans.set(limits, plan);
  }
  lastLimits = limits;
  lastPlan = plan;
  return plan;
}
