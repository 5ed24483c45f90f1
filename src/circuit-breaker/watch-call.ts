import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import type { Attempt } from './breaker.js';
import { isOwnRefusal, judge } from './call-outcome.js';
import type { BreakerPolicy } from './policy-options.js';
import { retryAfterMs } from './retry-after.js';
import type { Verdict } from './verdict.js';

/** Hears what is no verdict. */
export interface CallReport {
  /** The answer was cut after its header fields. */
  cut(): void;
  /** `isFailure` threw. */
  judgeFailed(error: unknown): void;
}

/**
 * Tells a breaker how a request ended. The verdict is known at the response's status, so that a long stream does not
 * hold the half-open state; or before, where there is none for too long.
 */
export function watchCall(
  req: IncomingMessage,
  res: ServerResponse,
  context: GatewayContext,
  attempt: Attempt,
  policy: BreakerPolicy,
  report: CallReport,
): void {
  const { outcome } = context;
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let told = false;

  function tell(verdict: Verdict, waitMs?: number): void {
    if (told) return;
    told = true;
    clearTimeout(timer);
    attempt.settle(verdict, waitMs);
  }

  function conclude(status: number | undefined): void {
    if (told) return;
    const durationMs = performance.now() - startedAt;
    const call = { status, failure: context.upstream?.failure, durationMs, req, res, context };
    const verdict = judge(call, policy.isFailure, report.judgeFailed);
    const isTheirs = verdict === 'failure' && context.refusal === undefined && policy.maxRetryAfterMs > 0;
    tell(verdict, isTheirs ? retryAfterMs(res.getHeader('retry-after')) : undefined);
  }

  const limitMs = Math.min(
    policy.slowCallMs ?? Number.POSITIVE_INFINITY,
    attempt.probe ? policy.probeTimeoutMs : Number.POSITIVE_INFINITY,
  );
  if (limitMs !== Number.POSITIVE_INFINITY) {
    // Where this process itself was busy for so long, an answer may be waiting to be read: that comes first.
    timer = setTimeout(() => setImmediate(() => tell('failure')), limitMs).unref();
  }
  let answered = false;
  outcome.onHeaders(() => {
    answered = true;
    conclude(outcome.status);
  });
  outcome.onEnd((ending) => {
    if (answered && ending === 'failed') report.cut();
    if (ending === 'failed' && !answered && !isOwnRefusal(context)) conclude(undefined);
    else tell('neutral');
  });
}
