import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Identity } from '../core/context.js';
import { PermissionError } from '../core/errors.js';
import { isThenable } from '../core/thenable.js';
import { SYSTEM_TIER } from '../core/tiers.js';
import { addressList } from './address-list.js';
import { hashApiKey, isWellFormedApiKey } from './api-key.js';
import type { ApiKeyRecord, MaybeLater } from './api-key-store.js';
import { INVALID_CHALLENGE } from './challenge.js';
import { presentedCredential } from './credentials.js';
import { proved } from './proof.js';
import type { Verdict, Verifier } from './verifier.js';

const invalid: Verdict = { message: 'Invalid API key', challenge: INVALID_CHALLENGE };

/** What the verifier needs of the keys. */
export interface KeyLookup {
  /** The record with this SHA-256, where it can be had and trusted at once. */
  trusted(hash: string): ApiKeyRecord | undefined;
  /** The record with this SHA-256. */
  find(hash: string): MaybeLater<ApiKeyRecord | undefined>;
}

/** Judges API keys, where there are any, and the administrator's key before them. */
export interface ApiKeyVerifier extends Verifier {
  /** Judges the key with this SHA-256, as if it had been presented. */
  judge(hash: string, context: GatewayContext): MaybeLater<Verdict>;
}

/** @param onUse hears of each key that was accepted */
export function apiKeyVerifier(
  keys: KeyLookup | undefined,
  header: string,
  adminKey: string | undefined,
  onUse: (record: ApiKeyRecord) => void,
): ApiKeyVerifier {
  const admin = adminKey === undefined ? undefined : administrator(hashApiKey(adminKey));

  function verifyApiKey(
    req: IncomingMessage,
    context: GatewayContext,
  ): Verdict | undefined | PromiseLike<Verdict> {
    const credential = presentedCredential(req, header);
    if (credential === undefined || (admin === undefined && !credential.ours)) return undefined;
    const hash = hashApiKey(credential.value);
    const headers = [credential.header];
    if (admin?.is(hash)) return { identity: admin.identity, headers };
    if (!credential.ours || keys === undefined) return undefined;
    const known = keys.trusted(hash);
    if (known) return conclude(known, hash, context, headers);
    return isWellFormedApiKey(credential.value) ? lookUp(keys, hash, context, headers) : invalid;
  }

  function judge(hash: string, context: GatewayContext): MaybeLater<Verdict> {
    if (admin?.is(hash)) return { identity: admin.identity };
    return keys ? lookUp(keys, hash, context) : invalid;
  }

  function lookUp(
    lookup: KeyLookup,
    hash: string,
    context: GatewayContext,
    headers?: readonly string[],
  ): MaybeLater<Verdict> {
    const found = lookup.find(hash);
    return isThenable(found)
      ? found.then((record) => conclude(record, hash, context, headers))
      : conclude(found, hash, context, headers);
  }

  function conclude(
    record: ApiKeyRecord | undefined,
    hash: string,
    context: GatewayContext,
    headers: readonly string[] | undefined,
  ): Verdict {
    const verdict = verdictOn(record, hash, headers, context);
    if (record && verdict.identity) onUse(record);
    return verdict;
  }

  return Object.assign(verifyApiKey, { judge });
}

/** Whoever has the key with this SHA-256. */
function administrator(keyHash: string) {
  const identity: Identity = Object.freeze({
    id: 'admin',
    method: 'admin',
    tier: SYSTEM_TIER,
    permissions: Object.freeze(['*']),
    metadata: Object.freeze({}),
  });
  const expected = Buffer.from(keyHash);
  return {
    identity: proved(identity, { keyHash }),
    is: (hash: string) => timingSafeEqual(expected, Buffer.from(hash)),
  };
}

function verdictOn(
  record: ApiKeyRecord | undefined,
  hash: string,
  headers: readonly string[] | undefined,
  context: GatewayContext,
): Verdict {
  if (!record) return invalid;
  const rejected = (message: string): Verdict => ({
    message,
    challenge: INVALID_CHALLENGE,
    keyId: record.id,
  });
  if (record.revokedAt !== undefined) return rejected('API key revoked');
  if (hasPassed(record.expiresAt)) return rejected('API key expired');
  if (record.notBefore !== undefined && !hasPassed(record.notBefore))
    return rejected('API key not yet valid');
  if (hash !== record.hash && hasPassed(record.previous?.validUntil)) return rejected('API key expired');
  assertInScope(record, context);
  return { identity: identityOf(record, hash), headers };
}

/** 403 for a valid key in the wrong place. */
function assertInScope(
  { id, allowedIps, services }: ApiKeyRecord,
  { clientIp, service }: GatewayContext,
): void {
  if (allowedIps && !addressList(allowedIps).has(clientIp)) {
    throw new PermissionError('This key may not be used from this address', [], id);
  }
  if (services && service && !services.includes(service.name)) {
    throw new PermissionError('This key may not be used for this service', [], id);
  }
}

/** A date that cannot be read has passed. */
function hasPassed(time: string | undefined): boolean {
  return time !== undefined && !(Date.parse(time) > Date.now());
}

const identities = new WeakMap<ApiKeyRecord, Identity>();
/** Of those who still use the secret from before a rotation. */
const formerIdentities = new WeakMap<ApiKeyRecord, Identity>();

/** One identity for each secret of a record, so that what is compiled from its limits is compiled once. */
function identityOf(record: ApiKeyRecord, keyHash: string): Identity {
  const cache = keyHash === record.hash ? identities : formerIdentities;
  let identity = cache.get(record);
  if (identity === undefined) {
    const { id, tier, permissions, metadata, limits } = record;
    identity = Object.freeze({ id, method: 'api-key', tier, permissions, metadata, keyId: id, limits });
    cache.set(record, proved(identity, { keyHash }));
  }
  return identity;
}
