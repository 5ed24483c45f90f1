import type { Identity } from '../core/context.js';
import { ANONYMOUS_TIER, type TierLimits } from '../core/tiers.js';
import { type CompiledLimits, compileLimits } from './limits.js';
import { mergeTiers, type RateLimitOptions } from './options.js';

/**
 * Looks up the limits of an identity: its tier's, with its own merged over them. A tier that nobody configured
 * has the limits of `free`, so that a mistyped tier is tight rather than unlimited.
 */
export function tierBook(
  tiers: RateLimitOptions['tiers'],
  burstWindowMs: number,
): (identity: Identity | undefined) => CompiledLimits {
  const limitsByTier = mergeTiers(tiers);
  const free = limitsByTier.get(ANONYMOUS_TIER) as TierLimits;
  const compiled = new Map<string, CompiledLimits>();
  for (const [tier, limits] of limitsByTier) compiled.set(tier, compileLimits(limits, burstWindowMs));
  const compiledFree = compiled.get(ANONYMOUS_TIER) as CompiledLimits;
  const own = new WeakMap<TierLimits, { tier: string; limits: CompiledLimits }>();

  return function limitsOf(identity) {
    if (identity === undefined) return compiledFree;
    if (identity.limits === undefined) return compiled.get(identity.tier) ?? compiledFree;
    const known = own.get(identity.limits);
    if (known?.tier === identity.tier) return known.limits;
    const merged = { ...(limitsByTier.get(identity.tier) ?? free), ...identity.limits };
    const limits = compileLimits(merged, burstWindowMs);
    own.set(identity.limits, { tier: identity.tier, limits });
    return limits;
  };
}
