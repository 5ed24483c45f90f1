import type { Micros } from '../core/money.js';
import { advance, slide, untilFits, untilFull, used } from './counters.js';
import type { Standing } from './decision.js';
import type { QuotaPlan } from './quota-plan.js';
import type { QuotaWindow } from './quota-store.js';
import { MOST_WINDOWS } from './window-places.js';

/** Of each window, how long its bucket still lasts: found by `fits` for `consume`, which follows at once. */
const rests = new Float64Array(MOST_WINDOWS);

/** Where the token bucket is that `fits` has refilled, and how it was before; nowhere, where there is none. */
let bucketAt = -1;
let bucketAge = 0;
let bucketLevel = 0;

/**
 * Lets time pass in every window, and says whether each has room. Every request passes here and in `consume`: what
 * counters.ts does is written out, for windows whose bucket still lasts.
 */
export function fits(
  counters: Float64Array,
  start: number,
  plan: QuotaPlan,
  age: number,
  points: number,
  cost: Micros,
): boolean {
  const { places, windowMs, ceilings, ofCost, bucket } = plan;
  let room = true;
  bucketAt = -1;
  for (let each = 0; each < places.length; each += 1) {
    const at = start + (places[each] as number);
    const ms = windowMs[each] as number;
    if (each === bucket) {
      bucketAt = at;
      bucketAge = counters[at] as number;
      bucketLevel = counters[at + 1] as number;
    }
    let rest = ((counters[at] as number) + 1) * ms - age;
    if (each === bucket || rest <= 0 || rest > ms) rest = pass(counters, at, plan, each, age);
    rests[each] = rest;
    const current = counters[at + 1] as number;
    const previous = counters[at + 2] as number;
    const used = previous === 0 ? current : current + (previous * rest) / ms;
    if (used + (ofCost[each] === 1 ? cost : points) > (ceilings[each] as number)) room = false;
  }
  return room;
}

/** Consumes every window, or nothing of it, and says how each stands. Right after `fits`. */
export function consume(
  counters: Float64Array,
  start: number,
  plan: QuotaPlan,
  points: number,
  cost: Micros,
): Standing {
  const { windows, places, windowMs, ceilings, ofCost, bucket } = plan;
  const states = new Array<number>(2 * places.length);
  for (let each = 0; each < places.length; each += 1) {
    const at = start + (places[each] as number);
    const rest = rests[each] as number;
    const current = (counters[at + 1] as number) + (ofCost[each] === 1 ? cost : points);
    counters[at + 1] = current;
    const previous = counters[at + 2] as number;
    const used = previous === 0 ? current : current + (previous * rest) / (windowMs[each] as number);
    states[2 * each] = Math.max(0, Math.floor((ceilings[each] as number) - used));
    states[2 * each + 1] = each === bucket ? untilFull(counters, at, windows[each] as QuotaWindow) : rest;
  }
  return states;
}

/**
 * Puts a token bucket back to where it was before `fits`, for a request that consumes nothing. Refilled in two steps, its level
 * would differ in the last digit from that in Redis, which keeps nothing of such a request.
 */
export function unfill(counters: Float64Array): void {
  if (bucketAt === -1) return;
  counters[bucketAt] = bucketAge;
  counters[bucketAt + 1] = bucketLevel;
}

/** How each window stands, of a refused request: how long each would refuse it. */
export function refusing(
  counters: Float64Array,
  start: number,
  plan: QuotaPlan,
  age: number,
  points: number,
  cost: Micros,
): Standing {
  const { windows, places, windowMs, ceilings, ofCost } = plan;
  const states: number[] = [];
  for (let each = 0; each < places.length; each += 1) {
    const at = start + (places[each] as number);
    const rest = pass(counters, at, plan, each, age);
    const remaining = Math.floor(
      (ceilings[each] as number) - used(counters, at, windowMs[each] as number, rest),
    );
    const amount = ofCost[each] === 1 ? cost : points;
    states.push(Math.max(0, remaining), untilFits(counters, at, windows[each] as QuotaWindow, rest, amount));
  }
  return states;
}

function pass(counters: Float64Array, at: number, plan: QuotaPlan, each: number, age: number): number {
  if (each === plan.bucket) return advance(counters, at, plan.windows[each] as QuotaWindow, age);
  return slide(counters, at, plan.windowMs[each] as number, age);
}
