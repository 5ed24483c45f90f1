import type { GatewayContext } from '../core/context.js';
import { type Micros, toDollars, toMicros } from '../core/money.js';
import type { QuotaLease, QuotaStore } from './quota-store.js';

/** Gives the slot back and charges the actual cost when the response has ended, in whatever way. */
export function settleAtEnd(
  context: GatewayContext,
  store: QuotaStore,
  lease: QuotaLease,
  estimated: Micros,
): void {
  context.cost = { estimated: toDollars(estimated) };
  context.outcome.onEnd(() => {
    const cost = context.cost;
    const actual = cost?.actual === undefined ? charge(context, estimated) : toMicros(cost.actual);
    if (cost) cost.actual = toDollars(actual);
    store.settle(lease, actual);
  });
}

/** A request that never reached an upstream (502 or 503 at the door) costs nothing. */
function charge(context: GatewayContext, estimated: Micros): Micros {
  const status = context.outcome.status;
  const answered = context.upstream?.timeToFirstByteMs !== undefined;
  return (status === 502 || status === 503) && !answered ? 0 : estimated;
}
