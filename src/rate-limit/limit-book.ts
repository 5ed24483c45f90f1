import type { Identity, ServiceMatch } from '../core/context.js';
import { ANONYMOUS_TIER, type TierLimits } from '../core/tiers.js';
import { limitsOfLimiter } from './limiter-store.js';
import { type CompiledLimits, compileLimits } from './limits.js';
import { mergeTiers, type ResolvedRateLimit } from './options.js';

/** Limits that were changed while the gateway runs. */
export interface LimitChanges {
  /** Of a whole tier. */
  tier(name: string): TierLimits | undefined;
  /** Of one subject. */
  subject(name: string): TierLimits | undefined;
}

/**
 * Looks up the limits of a request. From weak to strong: the tier's, the tier's for this service, the tier's as
 * changed at run time; over them, dimension by dimension, the identity's own, and the subject's as changed at run
 * time. A tier that nobody configured has the limits of `free`, so that a mistyped tier is tight, not unlimited.
 */
export class LimitBook {
  /** Of a limiter that decides instead, for everybody. */
  readonly #ofLimiter: CompiledLimits | undefined;
  readonly #tiers: ReadonlyMap<string, TierLimits>;
  readonly #changes: LimitChanges;
  readonly #compile: (limits: TierLimits) => CompiledLimits;
  /** What was compiled, by the objects that it was compiled from. */
  readonly #compiled = new WeakMap<TierLimits, CompiledLimits>();
  readonly #merged = new WeakMap<TierLimits, WeakMap<TierLimits, TierLimits>>();

  constructor(config: ResolvedRateLimit, changes: LimitChanges) {
    this.#ofLimiter = config.limiter && limitsOfLimiter(config.limiter);
    this.#tiers = mergeTiers(config.tiers);
    this.#changes = changes;
    this.#compile = (limits) => compileLimits(limits, config.algorithm, config.burstWindowMs);
  }

  limitsOf(
    subject: string,
    identity: Identity | undefined,
    service: ServiceMatch | undefined,
  ): CompiledLimits {
    if (this.#ofLimiter) return this.#ofLimiter;
    const tier = identity?.tier ?? ANONYMOUS_TIER;
    let limits = this.#tierLimits(tier, service);
    if (identity?.limits) limits = this.#over(limits, identity.limits);
    const changed = this.#changes.subject(subject);
    if (changed) limits = this.#over(limits, changed);
    let compiled = this.#compiled.get(limits);
    if (compiled === undefined) {
      compiled = this.#compile(limits);
      this.#compiled.set(limits, compiled);
    }
    return compiled;
  }

  #tierLimits(tier: string, service: ServiceMatch | undefined): TierLimits {
    const own = service?.rateLimit ? service.rateLimit.tiers : undefined;
    if (own !== undefined && Object.hasOwn(own, tier)) return own[tier] as TierLimits;
    return (
      this.#changes.tier(tier) ?? this.#tiers.get(tier) ?? (this.#tiers.get(ANONYMOUS_TIER) as TierLimits)
    );
  }

  /** One merged object for each pair, so that it is compiled once. */
  #over(base: TierLimits, own: TierLimits): TierLimits {
    let forBase = this.#merged.get(own);
    if (forBase === undefined) {
      forBase = new WeakMap();
      this.#merged.set(own, forBase);
    }
    let merged = forBase.get(base);
    if (merged === undefined) {
      merged = { ...base, ...stated(own) };
      forBase.set(base, merged);
    }
    return merged;
  }
}

/** What is undefined says nothing: it is not "without limit". */
function stated(limits: TierLimits): TierLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}
