import { timingSafeEqual } from 'node:crypto';
import type { GatewayContext, Identity } from '../core/context.js';
import { PermissionError } from '../core/errors.js';
import { isThenable } from '../core/thenable.js';
import { SYSTEM_TIER } from '../core/tiers.js';
import { addressList } from './address-list.js';
import { hashApiKey, isWellFormedApiKey } from './api-key.js';
import type { ApiKeyRecord, MaybeLater } from './api-key-store.js';
import { INVALID_CHALLENGE } from './challenge.js';
import { presentedCredential } from './credentials.js';
import type { Verdict, Verifier } from './verifier.js';

const admin: Identity = Object.freeze({
  id: 'admin',
  method: 'admin',
  tier: SYSTEM_TIER,
  permissions: Object.freeze(['*']),
  metadata: Object.freeze({}),
});

const invalid: Verdict = { message: 'Invalid API key', challenge: INVALID_CHALLENGE };
const expired: Verdict = { message: 'API key expired', challenge: INVALID_CHALLENGE };
const early: Verdict = { message: 'API key not yet valid', challenge: INVALID_CHALLENGE };
const revoked: Verdict = { message: 'API key revoked', challenge: INVALID_CHALLENGE };

/** What the verifier needs of the keys. */
export interface KeyLookup {
  find(hash: string): MaybeLater<ApiKeyRecord | undefined>;
}

/** Judges API keys, where there are any, and the administrator's key before them. */
export function apiKeyVerifier(
  keys: KeyLookup | undefined,
  header: string,
  adminKey: string | undefined,
  onUse: (record: ApiKeyRecord) => void,
): Verifier {
  const adminHash = adminKey === undefined ? undefined : Buffer.from(hashApiKey(adminKey));

  return function verifyApiKey(req, context) {
    const credential = presentedCredential(req, header);
    if (credential === undefined) return undefined;
    const hash = hashApiKey(credential.value);
    if (adminHash && timingSafeEqual(adminHash, Buffer.from(hash))) {
      return { identity: admin, headers: [credential.header] };
    }
    if (!credential.ours || keys === undefined) return undefined;
    if (!isWellFormedApiKey(credential.value)) return invalid;
    const found = keys.find(hash);
    const judge = (record: ApiKeyRecord | undefined): Verdict => {
      const verdict = verdictOn(record, hash, credential.header, context);
      if (record && verdict.identity) onUse(record);
      return verdict;
    };
    return isThenable(found) ? found.then(judge) : judge(found);
  };
}

function verdictOn(
  record: ApiKeyRecord | undefined,
  hash: string,
  header: string,
  context: GatewayContext,
): Verdict {
  if (!record) return invalid;
  if (record.revokedAt !== undefined) return revoked;
  if (hasPassed(record.expiresAt)) return expired;
  if (record.notBefore !== undefined && !hasPassed(record.notBefore)) return early;
  if (hash !== record.hash && hasPassed(record.previous?.validUntil)) return expired;
  assertInScope(record, context);
  return { identity: identityOf(record), headers: [header] };
}

/** 403 for a valid key in the wrong place. */
function assertInScope({ allowedIps, services }: ApiKeyRecord, { clientIp, service }: GatewayContext): void {
  if (allowedIps && !addressList(allowedIps).has(clientIp)) {
    throw new PermissionError('This key may not be used from this address', []);
  }
  if (services && service && !services.includes(service.name)) {
    throw new PermissionError('This key may not be used for this service', []);
  }
}

/** A date that cannot be read has passed. */
function hasPassed(time: string | undefined): boolean {
  return time !== undefined && !(Date.parse(time) > Date.now());
}

const identities = new WeakMap<ApiKeyRecord, Identity>();

/** One identity for each record, so that what is compiled from its limits is compiled once. */
function identityOf(record: ApiKeyRecord): Identity {
  let identity = identities.get(record);
  if (identity === undefined) {
    const { id, tier, permissions, metadata, limits } = record;
    identity = Object.freeze({ id, method: 'api-key', tier, permissions, metadata, keyId: id, limits });
    identities.set(record, identity);
  }
  return identity;
}
