import type { GatewayContext, RateLimitDecision } from '../core/context.js';
import { ServiceUnavailableError } from '../core/errors.js';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import type { LoadVerdict } from './latency-window.js';
import type { LoadLimit } from './load-limit.js';
import type { LoadSlot } from './load-slot.js';

/** What a request is called that is for no service. */
const NO_SERVICE = 'gateway';
/** Latency may have fallen in a second, or not: nobody knows. */
const RETRY_MS = 1000;

/** Takes a slot for a request, and gives it back at its status or its end; undefined where it must be shed. */
export function takeSlot(load: LoadLimit, context: GatewayContext): LoadSlot | undefined {
  const slot = load.admit(tierOf(context), serviceOf(context));
  if (slot === undefined) return undefined;
  const { outcome } = context;
  outcome.onHeaders(() => slot.end(verdictOf(context)));
  outcome.onEnd((ending) => slot.end(ending === 'failed' ? 'dropped' : 'left'));
  return slot;
}

/** Errors are answered faster than work is done, so that their time says nothing. */
function verdictOf({ outcome, service, upstream }: GatewayContext): LoadVerdict {
  const { status } = outcome;
  if (status < 400) return 'answered';
  if (status !== 502 && status !== 503 && status !== 504) return 'unused';
  // The gateway's own refusal, such as an open breaker's: no upstream was too busy.
  return service !== undefined && upstream === undefined ? 'unused' : 'dropped';
}

/** What is left on a request that is shed. */
export function shedDecision(
  load: LoadLimit,
  context: GatewayContext,
  subject: string,
  enforced: boolean,
): RateLimitDecision {
  const tier = tierOf(context);
  const limit = Math.ceil(load.ceilingOf(tier));
  return {
    allowed: false,
    enforced,
    subject,
    tier,
    dimension: 'load',
    limit,
    remaining: 0,
    resetMs: RETRY_MS,
  };
}

/** It is the gateway's overload, not a limit of the client's. */
export function overloadError(context: GatewayContext): ServiceUnavailableError {
  return new ServiceUnavailableError(serviceOf(context), RETRY_MS / 1000);
}

function tierOf({ identity }: GatewayContext): string {
  return identity?.tier ?? ANONYMOUS_TIER;
}

function serviceOf({ service }: GatewayContext): string {
  return service?.name ?? NO_SERVICE;
}
