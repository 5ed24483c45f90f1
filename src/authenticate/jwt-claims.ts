import type { Identity } from '../core/context.js';
import { SYSTEM_TIER } from '../core/tiers.js';
import { frozen } from './frozen.js';
import { JwtIdentity } from './jwt-identity.js';
import type { JsonObject } from './jwt-json.js';
import type { ResolvedJwt } from './jwt-options.js';

/** Neither empty nor endless, and fit for a log line. */
const plain = /^(?:[ -~]{1,256}|[^\p{Cc}\p{Cs}\u2028\u2029]{1,256})$/u;

const nothing: JsonObject = Object.freeze({});

/** Makes an identity of a token's claims; undefined if they name nobody. */
export function identityReader(
  options: ResolvedJwt,
  isTier: (name: string) => boolean,
): (claims: JsonObject, expiresAt: number) => Identity | undefined {
  const names = options.claims;

  return function identityOf(claims, expiresAt) {
    const id = nameIn(inFull(claimAt(claims, names.id)));
    const issuer = nameIn(claims['iss']);
    if (id === undefined || (issuer === undefined && claims['iss'] !== undefined)) return undefined;
    const permissions = new Set<string>();
    for (const name of names.permissions) addPermissions(permissions, claimAt(claims, name));
    const tier = tierIn(claimAt(claims, names.tier));
    const metadata = copied(claims, names.metadata);
    return new JwtIdentity(id, issuer, tier, Object.freeze([...permissions]), metadata, expiresAt);
  };

  /** The first of the claim's values that is, or stands for, a tier. */
  function tierIn(value: unknown): string {
    for (const name of Array.isArray(value) ? value : [value]) {
      if (typeof name !== 'string') continue;
      const tier = options.tierMap.get(name) ?? name;
      if (isTier(tier) && (tier !== SYSTEM_TIER || options.allowSystemTier)) return tier;
    }
    return options.defaultTier;
  }
}

/** A claim by its name, else by its path with dots, as in `realm_access.roles`. */
function claimAt(claims: JsonObject, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  if (!name.includes('.')) return undefined;
  let here: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as JsonObject)[step];
  }
  return here;
}

/** Some issuers number their users. */
function inFull(value: unknown): unknown {
  return Number.isSafeInteger(value) ? String(value) : value;
}

function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' && plain.test(value) ? value : undefined;
}

/** The words of a string, as `scope` has them (RFC 6749, section 3.3), or the strings of an array as they are. */
function addPermissions(permissions: Set<string>, value: unknown): void {
  const given: unknown = typeof value === 'string' ? value.split(' ') : value;
  if (!Array.isArray(given)) return;
  for (const each of given) if (typeof each === 'string' && each !== '') permissions.add(each);
}

function copied(claims: JsonObject, names: readonly string[]): JsonObject {
  if (names.length === 0) return nothing;
  const entries = names.map((name) => [name, claimAt(claims, name)] as const);
  return frozen(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}
