import { createPublicKey, type KeyObject } from 'node:crypto';
import { isKeyFor, type JwtAlgorithm } from './jwt-algorithms.js';

/** A key that tokens are verified with. */
export interface JwtKey {
  /** Its name in a token's header; undefined where it has none. */
  readonly kid: string | undefined;
  readonly key: KeyObject;
  /** What it may be used with. */
  readonly algorithms: ReadonlySet<JwtAlgorithm>;
}

/** Where the key of a token is looked up. */
export interface JwtKeys {
  /** The key that such a token must be signed with; undefined if there is none. */
  find(
    algorithm: JwtAlgorithm,
    kid: string | undefined,
  ): JwtKey | undefined | PromiseLike<JwtKey | undefined>;
}

/** A key for those of the algorithms that it fits. */
export function jwtKey(key: KeyObject, algorithms: readonly JwtAlgorithm[], kid?: string): JwtKey {
  return { kid, key, algorithms: new Set(algorithms.filter((algorithm) => isKeyFor(key, algorithm))) };
}

/**
 * The one key that a token can be signed with. A `kid` names it; it is only a hint to keys that have no name. It is
 * compared and nothing else, so there is nothing to inject into. Where more than one key is left, none is tried.
 */
export function chooseKey(
  keys: readonly JwtKey[],
  algorithm: JwtAlgorithm,
  kid: string | undefined,
): JwtKey | undefined {
  let only: JwtKey | undefined;
  let others = false;
  for (const key of keys) {
    if (!key.algorithms.has(algorithm)) continue;
    if (kid !== undefined && key.kid === kid) return key;
    if (kid !== undefined && key.kid !== undefined) continue;
    others = only !== undefined;
    only = key;
  }
  return others ? undefined : only;
}

/** A PEM as a key; in place of one, the rule that it breaks. */
export function publicKeyOf(pem: string): KeyObject | string {
  if (pem.includes('PRIVATE KEY')) return 'must be a public key: a gateway needs no private one';
  try {
    return createPublicKey(pem);
  } catch {
    return 'must be a public key in PEM';
  }
}
