import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Identity } from '../core/context.js';
import { ServiceUnavailableError } from '../core/errors.js';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import { isSecret, type ResolvedSignatures, type SignatureKey } from './signature-options.js';

/** A key that is ready to verify with, and who has it. */
export interface VerificationKey {
  readonly secret: KeyObject;
  readonly identity: Identity;
}

/** Finds keys by their id. */
export type KeyFinder = (keyId: string) => Promise<VerificationKey | undefined>;

/** Keys in options become `KeyObject`s once; those that a function finds, each time, since they may change. */
export function keyFinder(keys: ResolvedSignatures['keys']): KeyFinder {
  if (typeof keys !== 'function') {
    const known = new Map(Object.entries(keys).map(([id, key]) => [id, verificationKey(id, key)]));
    return async (keyId) => known.get(keyId);
  }
  return async function resolveKey(keyId) {
    let found: SignatureKey | undefined;
    try {
      found = await keys(keyId);
    } catch (cause) {
      throw new ServiceUnavailableError('authentication', 1, cause);
    }
    if (!found) return undefined;
    if (!isSecret(found.secret))
      throw new TypeError(`The secret of the key "${keyId}" is shorter than 32 bytes`);
    return verificationKey(keyId, found);
  };
}

/** A secret as Node wants it. */
export function secretKey(secret: string | Uint8Array): KeyObject {
  return createSecretKey(typeof secret === 'string' ? Buffer.from(secret) : secret);
}

function verificationKey(id: string, key: SignatureKey): VerificationKey {
  const { secret, tier = ANONYMOUS_TIER, permissions = [], metadata = {}, limits } = key;
  const identity: Identity = Object.freeze({ id, method: 'hmac', tier, permissions, metadata, limits });
  return { secret: secretKey(secret), identity };
}
