import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext, UpstreamFailure } from '../core/context.js';
import { isThenable } from '../core/thenable.js';
import type { Verdict } from './verdict.js';

/** How a request ended, as far as it is known when its status is: what `isFailure` judges by. */
export interface CallOutcome {
  /** Undefined where the connection broke before there was one. */
  readonly status: number | undefined;
  /** Why no upstream answered, where the proxy says so. */
  readonly failure: UpstreamFailure | undefined;
  /** Milliseconds since it was let through. */
  readonly durationMs: number;
  readonly req: IncomingMessage;
  /** Its header fields can be read; it is not for writing. */
  readonly res: ServerResponse;
  readonly context: GatewayContext;
}

/** What is a failure unless `isFailure` says otherwise. A refusal by a proxy may have been answered with any status. */
export function isFailureByDefault({ status, context }: CallOutcome): boolean {
  return status === undefined || status >= 500 || context.refusal !== undefined;
}

/** Refusals that an upstream is to blame for. */
const byUpstream = new Set(['ERR_GATEWAY_BAD_GATEWAY', 'ERR_GATEWAY_TIMEOUT']);

/**
 * Whether one of the gateway's own middlewares has refused the request for a reason that says nothing about the
 * upstream: a full bulkhead or pool, a body that is too long, a permission. Where no target is well, that says enough.
 */
export function isOwnRefusal({ refusal, upstream }: GatewayContext): boolean {
  if (refusal === undefined || byUpstream.has(refusal.code)) return false;
  return !(refusal.code === 'ERR_GATEWAY_SERVICE_UNAVAILABLE' && upstream?.failure === 'no_target');
}

/** Judges by the user's function, or by default where there is none or it throws. */
export function judge(
  call: CallOutcome,
  isFailure: ((call: CallOutcome) => boolean) | undefined,
  onError: (error: unknown) => void,
): Verdict {
  if (isOwnRefusal(call.context)) return 'neutral';
  let failed: boolean;
  try {
    failed = isFailure ? asked(isFailure, call) : isFailureByDefault(call);
  } catch (error) {
    onError(error);
    failed = isFailureByDefault(call);
  }
  return failed ? 'failure' : 'success';
}

/** A promise would be taken for a yes. */
function asked(isFailure: (call: CallOutcome) => unknown, call: CallOutcome): boolean {
  const answer = isFailure(call);
  if (typeof answer === 'boolean') return answer;
  if (isThenable(answer)) answer.then(undefined, () => undefined);
  throw new TypeError('It must give true or false');
}
