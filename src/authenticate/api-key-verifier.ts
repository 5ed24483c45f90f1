import { timingSafeEqual } from 'node:crypto';
import type { Identity } from '../core/context.js';
import { isThenable } from '../core/thenable.js';
import { SYSTEM_TIER } from '../core/tiers.js';
import { hashApiKey, isWellFormedApiKey } from './api-key.js';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
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

/** Judges API keys, and the administrator's key before them. */
export function apiKeyVerifier(store: ApiKeyStore, header: string, adminKey: string | undefined): Verifier {
  const adminHash = adminKey === undefined ? undefined : Buffer.from(hashApiKey(adminKey));

  return function verifyApiKey(req) {
    const credential = presentedCredential(req, header);
    if (credential === undefined) return undefined;
    const hash = hashApiKey(credential.value);
    if (adminHash && timingSafeEqual(adminHash, Buffer.from(hash))) {
      return { identity: admin, header: credential.header };
    }
    if (!credential.ours) return undefined;
    if (!isWellFormedApiKey(credential.value)) return invalid;
    const found = store.find(hash);
    if (isThenable(found))
      return Promise.resolve(found).then((record) => verdictOn(record, credential.header));
    return verdictOn(found, credential.header);
  };
}

function verdictOn(record: ApiKeyRecord | undefined, header: string): Verdict {
  if (!record) return invalid;
  if (isExpired(record)) return expired;
  return { identity: identityOf(record), header };
}

/** A date that cannot be read has passed. */
function isExpired({ expiresAt }: ApiKeyRecord): boolean {
  return expiresAt !== undefined && !(Date.parse(expiresAt) > Date.now());
}

function identityOf(record: ApiKeyRecord): Identity {
  return {
    id: record.id,
    method: 'api-key',
    tier: record.tier,
    permissions: record.permissions,
    metadata: record.metadata,
    keyId: record.id,
    limits: record.limits,
  };
}
