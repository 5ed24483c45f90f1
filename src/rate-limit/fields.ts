import type { ServerResponse } from 'node:http';
import type { RateLimitDecision } from '../core/context.js';
import { toDollars } from '../core/money.js';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import { type CompiledLimits, fieldInteger } from './limits.js';
import type { QuotaDecision } from './quota-store.js';

/** Whole seconds until a decision changes: never early, never zero. */
export function retryAfterSeconds(decision: QuotaDecision): number {
  return Number.isFinite(decision.resetMs) ? Math.max(1, Math.ceil(decision.resetMs / 1000)) : 86_400;
}

/**
 * Says what was decided: `RateLimit` for the tightest dimension and `RateLimit-Policy` for all of them
 * (draft-ietf-httpapi-ratelimit-headers-11), and the older `X-RateLimit-*` where wanted.
 */
export function announce(
  res: ServerResponse,
  limits: CompiledLimits,
  decision: QuotaDecision,
  legacy: boolean,
): void {
  if (limits.policyField === undefined || decision.dimension === undefined || res.headersSent) return;
  const seconds = retryAfterSeconds(decision);
  res.setHeader('RateLimit-Policy', limits.policyField);
  res.setHeader('RateLimit', `"${decision.dimension}";r=${fieldInteger(decision.remaining)};t=${seconds}`);
  if (!legacy) return;
  res.setHeader('X-RateLimit-Limit', String(decision.limit));
  res.setHeader('X-RateLimit-Remaining', String(decision.remaining));
  res.setHeader('X-RateLimit-Reset', String(seconds));
}

/** The decision as `req.gateway.rateLimit` has it: money in dollars. */
export function decisionOf(
  decision: QuotaDecision,
  subject: string,
  tier = ANONYMOUS_TIER,
  enforced = true,
): RateLimitDecision {
  const { allowed, dimension, limit, remaining, resetMs } = decision;
  const shown = dimension === 'cost_per_hour' ? toDollars : (value: number) => value;
  return {
    allowed,
    enforced,
    subject,
    tier,
    dimension,
    limit: shown(limit),
    remaining: shown(remaining),
    resetMs,
  };
}
