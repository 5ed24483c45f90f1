import type { GatewayContext } from '../core/context.js';
import { type Micros, toDollars, toMicros } from '../core/money.js';
import type { Ending } from '../core/outcome.js';

/**
 * Calls back with the actual cost when the response has ended, in whatever way, and leaves it on the request: what
 * a meter found, else what was estimated, else nothing for what never reached an upstream.
 */
export function settleAtEnd(
  context: GatewayContext,
  estimated: Micros,
  onAbort: 'keep' | 'refund',
  settle: (actual: Micros) => void,
): void {
  const cost: NonNullable<GatewayContext['cost']> = { estimated: toDollars(estimated) };
  context.cost = cost;
  context.outcome.onEnd((ending) => {
    const metered = meteredMicros(cost.actual);
    const actual = metered ?? charge(context, estimated, ending, onAbort);
    cost.actual = toDollars(actual);
    settle(actual);
  });
}

/** What a meter left on the request, never less than nothing; what is no amount, such as NaN, is as good as none. */
function meteredMicros(dollars: number | undefined): Micros | undefined {
  return dollars !== undefined && Number.isFinite(dollars) ? toMicros(Math.max(0, dollars)) : undefined;
}

function charge(
  context: GatewayContext,
  estimated: Micros,
  ending: Ending,
  onAbort: 'keep' | 'refund',
): Micros {
  if (ending === 'aborted' && onAbort === 'refund') return 0;
  const status = context.outcome.status;
  const answered = context.upstream?.timeToFirstByteMs !== undefined;
  return (status === 502 || status === 503) && !answered ? 0 : estimated;
}
