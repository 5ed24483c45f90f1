import type { Identity } from '../core/context.js';
import { JwtIdentity } from './jwt-identity.js';

/** What an identity was proved with, as far as it must still hold when a ticket for it is used. */
export interface Proof {
  /** SHA-256 of the API key, or of the administrator's key. */
  readonly keyHash?: string;
  /** When the credential expires, in milliseconds since the epoch. */
  readonly expiresAt?: number;
}

const proofs = new WeakMap<Identity, Proof>();

/** Notes what an identity was proved with. The identity itself goes to handlers and upstreams, and must not tell. */
export function proved(identity: Identity, proof: Proof): Identity {
  proofs.set(identity, proof);
  return identity;
}

export function proofOf(identity: Identity): Proof | undefined {
  const expiresAt = JwtIdentity.expiryOf(identity);
  return expiresAt === undefined ? proofs.get(identity) : { expiresAt };
}
