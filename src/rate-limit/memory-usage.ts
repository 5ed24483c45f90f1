import type { Micros } from '../core/money.js';
import { add, advance, COUNTER_SIZE, type Counters, untilFits, untilReset, used } from './counters.js';
import { ceilingOf } from './decision.js';
import type { MemoryLease } from './leases.js';
import type { QuotaLimits, QuotaState, QuotaWindow } from './quota-store.js';

/** Where each dimension's counter lies. Its place is fixed, so that limits may change while usage is kept. */
const places: Readonly<Record<QuotaWindow['dimension'], number>> = {
  burst: 0,
  per_minute: COUNTER_SIZE,
  per_hour: 2 * COUNTER_SIZE,
  per_day: 3 * COUNTER_SIZE,
  cost_per_hour: 4 * COUNTER_SIZE,
};

/** Where the counter of cost lies. */
export const COST_PLACE = places.cost_per_hour;

/** The usage of one subject. */
export interface Usage {
  /** When its first admitted request came. */
  readonly anchor: number;
  readonly counters: Counters;
  /** Leases that run. */
  readonly leases: MemoryLease<Usage>[];
}

export function newUsage(now: number): Usage {
  return { anchor: now, counters: new Array(5 * COUNTER_SIZE).fill(0), leases: [] };
}

/** What is looked up of limits once, not at each request. */
export interface Plan {
  readonly windows: readonly QuotaWindow[];
  /** Where each window's counter lies. */
  readonly places: readonly number[];
  /** Which window counts cost; -1 for none. */
  readonly cost: number;
}

const plans = new WeakMap<QuotaLimits, Plan>();

export function planOf(limits: QuotaLimits): Plan {
  let plan = plans.get(limits);
  if (plan === undefined) {
    const { windows } = limits;
    const cost = windows.findIndex(({ dimension }) => dimension === 'cost_per_hour');
    plan = { windows, places: windows.map(({ dimension }) => places[dimension]), cost };
    plans.set(limits, plan);
  }
  return plan;
}

/** Lets time pass in every window, and says whether each has room. */
export function fits(counters: Counters, plan: Plan, age: number, points: number, cost: Micros): boolean {
  let room = true;
  for (let each = 0; each < plan.windows.length; each += 1) {
    const window = plan.windows[each] as QuotaWindow;
    const at = plan.places[each] as number;
    advance(counters, at, window, age);
    const amount = each === plan.cost ? cost : points;
    if (used(counters, at, window, age) + amount > ceilingOf(window)) room = false;
  }
  return room;
}

/** Consumes every window. */
export function consume(counters: Counters, plan: Plan, points: number, cost: Micros): void {
  for (let each = 0; each < plan.windows.length; each += 1) {
    add(counters, plan.places[each] as number, each === plan.cost ? cost : points);
  }
}

/** How each window stands, of an admitted request. */
export function standing(counters: Counters, plan: Plan, age: number): QuotaState[] {
  const states: QuotaState[] = [];
  for (let each = 0; each < plan.windows.length; each += 1) {
    const window = plan.windows[each] as QuotaWindow;
    const at = plan.places[each] as number;
    const resetMs = untilReset(counters, at, window, age);
    states.push({ remaining: remainingIn(counters, at, window, age), resetMs });
  }
  return states;
}

/** How each window stands, of a refused request: how long each would refuse it. */
export function refusing(
  counters: Counters,
  plan: Plan,
  age: number,
  points: number,
  cost: Micros,
): QuotaState[] {
  return plan.windows.map((window, each) => {
    const at = plan.places[each] as number;
    const resetMs = untilFits(counters, at, window, age, each === plan.cost ? cost : points);
    return { remaining: remainingIn(counters, at, window, age), resetMs };
  });
}

function remainingIn(counters: Counters, at: number, window: QuotaWindow, age: number): number {
  return Math.max(0, Math.floor(ceilingOf(window) - used(counters, at, window, age)));
}
