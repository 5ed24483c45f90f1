import jsonwebtoken from 'jsonwebtoken';
import type { Identity } from '../core/context.js';
import type { ResolvedSignedIdentity } from './signed-identity-options.js';

/** Makes a JWT (RFC 7519) for one service that says whose request it gets. */
export type IdentitySigner = (identity: Identity, subject: string, service: string | undefined) => string;

interface SignedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly usedUntil: number;
}

/**
 * Signs who sends a request. A token is used for half of its life, so that signing costs little and an upstream has the
 * other half to verify it in. Tokens are remembered as long as their identity is.
 */
export function identitySigner(config: ResolvedSignedIdentity): IdentitySigner {
  const { key, algorithm, issuer, audience, ttlSeconds, kid } = config;
  const signed = new WeakMap<Identity, Map<string | undefined, SignedToken>>();

  return function signIdentity(identity, subject, service) {
    const receiver = audience ?? service;
    let tokens = signed.get(identity);
    if (tokens === undefined) {
      tokens = new Map();
      signed.set(identity, tokens);
    }
    const now = Date.now();
    const known = tokens.get(receiver);
    if (known && now < known.usedUntil) return known.token;
    const token = sign(identity, subject, receiver, Math.floor(now / 1000));
    tokens.set(receiver, { token, usedUntil: now + ttlSeconds * 500 });
    return token;
  };

  function sign(identity: Identity, subject: string, aud: string | undefined, iat: number): string {
    const { tier, permissions, method } = identity;
    const sub = method === 'anonymous' ? method : subject;
    const claims = { iss: issuer, sub, ...(aud !== undefined && { aud }), iat, exp: iat + ttlSeconds };
    return jsonwebtoken.sign({ ...claims, tier, permissions, method }, key, {
      algorithm,
      ...(kid !== undefined && { keyid: kid }),
    });
  }
}
