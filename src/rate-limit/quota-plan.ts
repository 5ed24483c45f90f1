import type { QuotaLimits, QuotaWindow } from './quota-store.js';
import { placeOf } from './window-places.js';

/** What a window's ceiling is. */
export function ceilingOf({ capacity, limit }: QuotaWindow): number {
  return capacity ?? limit;
}

/** Limits as arrays of numbers, which a loop over the windows reads fastest. */
export interface QuotaPlan {
  readonly windows: readonly QuotaWindow[];
  /** Where each window's numbers lie among the counters of a subject. */
  readonly places: Uint8Array;
  readonly windowMs: Float64Array;
  readonly ceilings: Float64Array;
  /** 1 for a window of cost, 0 for one of points. */
  readonly ofCost: Uint8Array;
  /** Which window is a token bucket; -1 for none. */
  readonly bucket: number;
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
      bucket: windows.findIndex(({ capacity }) => capacity !== undefined),
    };
    plans.set(limits, plan);
  }
  lastLimits = limits;
  lastPlan = plan;
  return plan;
}
