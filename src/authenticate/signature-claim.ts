import type { IncomingMessage } from 'node:http';
import { addressesOf, type GatewayContext } from '../core/context.js';
import { type ContentDigest, readContentDigest } from './content-digest.js';
import { readSignature } from './presented-signature.js';
import { hasBody } from './read-body.js';
import { signatureBase } from './signature-base.js';
import type { SignedMessage } from './signature-components.js';
import type { ResolvedSignatures } from './signature-options.js';
import { brokenRule, covers } from './signature-rules.js';
import { signedMessage } from './signed-message.js';

/** What remains to be verified of a signature that keeps all the rules. */
export interface SignatureClaim {
  readonly keyId: string;
  readonly nonce: string;
  /** What should have been signed. */
  readonly base: Buffer;
  /** The signature over it. */
  readonly value: Uint8Array;
  /** What the body must have; undefined where no digest was signed, and there is no body. */
  readonly digests: readonly ContentDigest[] | undefined;
}

/** Examines all that needs neither the key nor the body. A string says for the client why it is refused. */
export function signatureClaim(
  req: IncomingMessage,
  context: GatewayContext,
  input: string,
  config: ResolvedSignatures,
): SignatureClaim | string {
  const signature = readSignature(input, String(req.headers.signature ?? ''), config);
  if (signature === undefined) return 'Malformed signature';
  const { components, parameters, keyId, nonce = '', value } = signature;
  const broken = brokenRule(signature, config, hasBody(req), Date.now() / 1000);
  if (broken !== undefined) return broken;
  const message = signedMessage(req, addressesOf(context).trustsPeer(req));
  if (message === undefined) return 'Malformed request target';
  if (config.authorities?.includes(message.authority) === false) return 'Signature is for another host';
  const digests = covers(components, 'content-digest') ? digestsOf(message) : undefined;
  if (digests?.length === 0) return 'Content-Digest must have sha-256 or sha-512';
  const base = signatureBase(message, components, parameters);
  if (base === undefined) return 'Signature covers what the request does not have';
  return { keyId, nonce, base, value, digests };
}

function digestsOf(message: SignedMessage): readonly ContentDigest[] {
  return readContentDigest(message.lines('content-digest').join(', '));
}
