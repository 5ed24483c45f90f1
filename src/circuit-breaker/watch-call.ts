import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import type { Gate } from './answer-instead.js';
import type { Attempt } from './breaker.js';
import { isOwnRefusal, judge } from './call-outcome.js';
import { retryAfterMs } from './retry-after.js';
import type { Verdict } from './verdict.js';

/** A request that a breaker has let through. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly context: GatewayContext;
  readonly attempt: Attempt;
  readonly gate: Gate;
}

/** Hears what is no verdict. */
export interface CallReport {
  /** The answer was cut after its header fields. */
  cut(gate: Gate): void;
  /** `isFailure` threw. */
  judgeFailed(gate: Gate, error: unknown): void;
}

/**
 * Tells a breaker how a request ended. The verdict is known at the response's status, so that a long stream does not
 * hold the half-open state; or before, where there is none for too long.
 */
export function watchCall({ req, res, context, attempt, gate }: Call, report: CallReport): void {
  const { outcome } = context;
  const { policy } = gate.breaker;
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
    const verdict = judge(call, policy.isFailure, (error) => report.judgeFailed(gate, error));
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
    if (answered && ending === 'failed') report.cut(gate);
    if (ending === 'failed' && !answered && !isOwnRefusal(context)) conclude(undefined);
    else tell('neutral');
  });
}
