import { toMicros } from '../core/money.js';
import type { TierLimits } from '../core/tiers.js';
import type { QuotaLimits, QuotaWindow } from './quota-store.js';

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The ceilings of a tier or an identity, ready for the store, with the field that announces them. */
export interface CompiledLimits extends QuotaLimits {
  /** Value of the `RateLimit-Policy` field; undefined where nothing is limited. */
  readonly policyField: string | undefined;
}

/** Leaves out what is not limited, and turns dollars into micro-dollars. */
export function compileLimits(
  limits: TierLimits,
  algorithm: 'sliding-window' | 'token-bucket',
  burstWindowMs: number,
): CompiledLimits {
  const windows: QuotaWindow[] = [];
  const add = (dimension: QuotaWindow['dimension'], windowMs: number, limit: number | undefined): void => {
    if (limit !== undefined) windows.push({ dimension, windowMs, limit });
  };
  const { requestsPerMinute, burstLimit } = limits;
  if (algorithm === 'token-bucket' && requestsPerMinute !== undefined) {
    const capacity = burstLimit ?? requestsPerMinute;
    windows.push({ dimension: 'per_minute', windowMs: MINUTE_MS, limit: requestsPerMinute, capacity });
  } else {
    add('burst', burstWindowMs, burstLimit);
    add('per_minute', MINUTE_MS, requestsPerMinute);
  }
  add('per_hour', HOUR_MS, limits.requestsPerHour);
  add('per_day', DAY_MS, limits.requestsPerDay);
  const dollars = limits.costLimitPerHour;
  add('cost_per_hour', HOUR_MS, dollars === undefined ? undefined : toMicros(dollars));
  const concurrent = limits.concurrentRequests ?? Number.POSITIVE_INFINITY;
  return { windows, concurrent, policyField: policyField(windows, concurrent) };
}

/**
 * draft-ietf-httpapi-ratelimit-headers-11, section 3. The unit of `cost_per_hour` is the micro-dollar, which the
 * draft has no name for.
 */
export function policyField(windows: readonly QuotaWindow[], concurrent: number): string | undefined {
  const policies = windows.map(({ dimension, windowMs, limit }) => {
    const unit = dimension === 'cost_per_hour' ? ';qu="micro-dollars"' : '';
    return `"${dimension}";q=${fieldInteger(limit)};w=${Math.max(1, Math.round(windowMs / 1000))}${unit}`;
  });
  if (concurrent !== Number.POSITIVE_INFINITY)
    policies.push(`"concurrent";q=${fieldInteger(concurrent)};qu="concurrent-requests"`);
  return policies.length > 0 ? policies.join(', ') : undefined;
}

/** The largest integer that a structured field can carry, RFC 9651 section 3.3.1. */
const MAX_FIELD_INTEGER = 999_999_999_999_999;

export function fieldInteger(value: number): number {
  return Math.min(value, MAX_FIELD_INTEGER);
}

const divisions = new WeakMap<QuotaLimits, QuotaLimits>();

/** The share of one replica, never less than one request. */
export function dividedLimits(limits: QuotaLimits, replicas: number): QuotaLimits {
  if (replicas === 1) return limits;
  let divided = divisions.get(limits);
  if (divided === undefined) {
    const share = (limit: number): number => Math.max(1, Math.floor(limit / replicas));
    divided = {
      windows: limits.windows.map((window) => ({
        ...window,
        limit: share(window.limit),
        capacity: window.capacity === undefined ? undefined : share(window.capacity),
      })),
      concurrent: share(limits.concurrent),
    };
    divisions.set(limits, divided);
  }
  return divided;
}
