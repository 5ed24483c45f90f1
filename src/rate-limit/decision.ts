import type { QuotaDecision, QuotaLease, QuotaLimits, QuotaState, QuotaWindow } from './quota-store.js';

/** How long a request should wait that was refused for concurrency: nobody knows when a slot comes back. */
const CONCURRENCY_RETRY_MS = 1000;

/** What a window's ceiling is. */
export function ceilingOf(window: QuotaWindow): number {
  return window.capacity ?? window.limit;
}

/** A decision, from how each window stands. What refuses for longest is named, else the one with the least left. */
export function decide(
  limits: QuotaLimits,
  windows: readonly QuotaState[],
  running: number,
  allowed: boolean,
  lease: QuotaLease | undefined,
): QuotaDecision {
  const at = allowed ? tightest(limits, windows) : longest(windows);
  const window = limits.windows[at];
  const state = windows[at];
  if (window === undefined || state === undefined)
    return byConcurrency(limits, windows, running, allowed, lease);
  const { remaining, resetMs } = state;
  return {
    allowed,
    dimension: window.dimension,
    limit: ceilingOf(window),
    remaining,
    resetMs,
    windows,
    running,
    lease,
  };
}

/**
 * Slots are named where they refuse, or where there is no window: whoever reads that a request was allowed has its
 * own slot back.
 */
function byConcurrency(
  limits: QuotaLimits,
  windows: readonly QuotaState[],
  running: number,
  allowed: boolean,
  lease: QuotaLease | undefined,
): QuotaDecision {
  const limit = limits.concurrent;
  const limited = limit !== Number.POSITIVE_INFINITY;
  return {
    allowed,
    dimension: limited ? 'concurrent' : undefined,
    limit,
    remaining: Math.max(0, limit - running),
    resetMs: limited ? CONCURRENCY_RETRY_MS : 0,
    windows,
    running,
    lease,
  };
}

function tightest(limits: QuotaLimits, windows: readonly QuotaState[]): number {
  let least = Number.POSITIVE_INFINITY;
  let found = -1;
  for (let at = 0; at < windows.length; at += 1) {
    const share = (windows[at] as QuotaState).remaining / ceilingOf(limits.windows[at] as QuotaWindow);
    if (share >= least) continue;
    least = share;
    found = at;
  }
  return found;
}

function longest(windows: readonly QuotaState[]): number {
  let most = 0;
  let found = -1;
  for (let at = 0; at < windows.length; at += 1) {
    const { resetMs } = windows[at] as QuotaState;
    if (resetMs <= most) continue;
    most = resetMs;
    found = at;
  }
  return found;
}
