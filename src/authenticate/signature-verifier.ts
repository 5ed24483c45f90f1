import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Identity } from '../core/context.js';
import { ServiceUnavailableError } from '../core/errors.js';
import { matchesDigest } from './content-digest.js';
import { MemoryNonceStore, type NonceStore } from './nonce-store.js';
import { readBody } from './read-body.js';
import { type SignatureClaim, signatureClaim } from './signature-claim.js';
import { keyFinder, secretKey } from './signature-keys.js';
import type { ResolvedSignatures } from './signature-options.js';
import type { Rejected, Verdict, Verifier } from './verifier.js';

/**
 * `WWW-Authenticate` for a signature that is not valid. A 401 must have one (RFC 9110, section 11.6.1), and RFC 9421
 * registers no scheme: this is the name that the drafts before it had.
 */
export const SIGNATURE_CHALLENGE = 'Signature realm="gateway"';

/** The fields that carry the credential. `Content-Digest` goes on: it tells the upstream of the body. */
const carriers = ['signature', 'signature-input'] as const;

/** Judges signed requests. */
export interface SignatureVerifier extends Verifier {
  /** Who has a key now; undefined where there is no such key, or no longer. */
  identityOf(keyId: string): Promise<Identity | undefined>;
}

/**
 * Judges signed requests: HTTP Message Signatures (RFC 9421) with `hmac-sha256`, and `Content-Digest` (RFC 9530). Any
 * `Signature-Input` is a credential. The signature is verified before its nonce is remembered, and the nonce is
 * remembered before a body is read; a body that has been read is in `req.rawBody`, and is put back.
 */
export function signatureVerifier(config: ResolvedSignatures): SignatureVerifier {
  const findKey = keyFinder(config.keys);
  const nonces = config.nonces ?? new MemoryNonceStore();
  /** Stands in for a key that there is not, so that it is not faster to be told so. */
  const nobodys = secretKey(randomBytes(32));

  function verifySignature(req: IncomingMessage, context: GatewayContext): PromiseLike<Verdict> | undefined {
    const input = req.headers['signature-input'];
    return input === undefined ? undefined : verify(req, context, String(input));
  }

  async function verify(req: IncomingMessage, context: GatewayContext, input: string): Promise<Verdict> {
    const claim = signatureClaim(req, context, input, config);
    if (typeof claim === 'string') return rejected(claim);
    const key = await findKey(claim.keyId);
    const isAuthentic = isSignedWith(key?.secret ?? nobodys, claim);
    if (key === undefined || !isAuthentic) return rejected('Invalid signature');
    if (!(await isFresh(nonces, claim, config))) return rejected('Signature already used');
    if (claim.digests && !matchesDigest(claim.digests, await readBody(req, config.maxBodyBytes))) {
      return rejected('Body does not match Content-Digest');
    }
    return { identity: key.identity, headers: carriers };
  }

  async function identityOf(keyId: string): Promise<Identity | undefined> {
    return (await findKey(keyId))?.identity;
  }

  return Object.assign(verifySignature, { identityOf });
}

function rejected(message: string): Rejected {
  return { message, challenge: SIGNATURE_CHALLENGE };
}

function isSignedWith(secret: KeyObject, { base, value }: SignatureClaim): boolean {
  const expected = createHmac('sha256', secret).update(base).digest();
  return value.length === expected.length && timingSafeEqual(value, expected);
}

/** A nonce is kept for as long as a signature could be valid that was made by the fastest clock there may be. */
async function isFresh(
  nonces: NonceStore,
  { keyId, nonce }: SignatureClaim,
  { maxSkewSeconds }: ResolvedSignatures,
): Promise<boolean> {
  const key = hash('sha256', `${keyId}\n${nonce}`, 'base64url');
  try {
    return await nonces.remember(key, 2 * maxSkewSeconds * 1000);
  } catch (cause) {
    throw new ServiceUnavailableError('authentication', 1, cause);
  }
}
