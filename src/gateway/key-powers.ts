import { isWithin } from '../authenticate/address-list.js';
import type { ApiKeyRecord } from '../authenticate/index.js';
import { isPermitted } from '../authenticate/permissions.js';
import { PermissionError } from '../core/errors.js';
import { ANONYMOUS_TIER, SYSTEM_TIER, type TierLimits } from '../core/tiers.js';

/** What somebody may do, as far as it is said by a key, or by one that is to be. */
export type Powers = Pick<
  ApiKeyRecord,
  'tier' | 'permissions' | 'limits' | 'services' | 'allowedIps' | 'expiresAt'
>;

/**
 * Nobody can give a key more than they have themselves, nor touch one that has more: permissions, a tier or limits that
 * are higher in any dimension, more services or addresses, a longer life. Who may do everything may set any tier and
 * limits.
 */
export class KeyPowers {
  readonly #tiers: ReadonlyMap<string, TierLimits>;

  /** @param tiers as they are configured; what is changed at run time does not count */
  constructor(tiers: ReadonlyMap<string, TierLimits>) {
    this.#tiers = tiers;
  }

  /** @throws PermissionError (403) that says in what a key has more */
  assertWithin(own: Powers, wanted: Powers): void {
    const mayAll = isPermitted(own.permissions, '*');
    const missing = wanted.permissions.filter((permission) => !isPermitted(own.permissions, permission));
    if (wanted.tier === SYSTEM_TIER && !mayAll) missing.push('*');
    const beyond = [
      !mayAll && !this.#tierWithin(own, wanted) && '`tier`',
      !mayAll && !limitsWithin(this.#limitsOf(own), this.#limitsOf(wanted)) && '`limits`',
      !listWithin(own.services, wanted.services) && '`services`',
      !listWithin(own.allowedIps, wanted.allowedIps, isWithin) && '`allowed_ips`',
      !timeWithin(own.expiresAt, wanted.expiresAt) && 'the time of expiry',
    ].filter((each) => each !== false);
    if (missing.length === 0 && beyond.length === 0) return;
    const what = beyond.length > 0 ? `: ${beyond.join(', ')}` : '';
    throw new PermissionError(`A key cannot be given more than you have yourself${what}`, missing);
  }

  /** A higher tier is more than its limits: upstreams are told of it. */
  #tierWithin(own: Powers, wanted: Powers): boolean {
    if (wanted.tier === own.tier) return true;
    return limitsWithin(this.#limitsOf({ tier: own.tier }), this.#limitsOf({ tier: wanted.tier }));
  }

  /** A tier that nobody configured has the limits of `free`. */
  #limitsOf({ tier, limits }: Pick<Powers, 'tier' | 'limits'>): TierLimits {
    const ofTier = this.#tiers.get(tier) ?? this.#tiers.get(ANONYMOUS_TIER);
    const known = Object.entries(limits ?? {}).filter(([, limit]) => limit !== undefined);
    return { ...ofTier, ...Object.fromEntries(known) };
  }
}

/** A dimension that is left out is unlimited. */
function limitsWithin(own: TierLimits, wanted: TierLimits): boolean {
  return Object.entries(own).every(
    ([dimension, limit]) => (wanted[dimension as keyof TierLimits] ?? Number.POSITIVE_INFINITY) <= limit,
  );
}

/** Undefined stands for all. */
function listWithin(
  own: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
  covers = (all: readonly string[], entry: string): boolean => all.includes(entry),
): boolean {
  if (own === undefined) return true;
  return wanted?.every((entry) => covers(own, entry)) === true;
}

/** Undefined stands for ever. */
function timeWithin(own: string | undefined, wanted: string | undefined): boolean {
  if (own === undefined) return true;
  return wanted !== undefined && Date.parse(wanted) <= Date.parse(own);
}
