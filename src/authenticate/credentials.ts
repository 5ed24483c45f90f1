import type { IncomingMessage } from 'node:http';
import { looksLikeApiKey } from './api-key.js';

/** A credential as it was presented: what it says, and the header field that said it. */
export interface Credential {
  readonly value: string;
  readonly header: string;
  /** Whether the field is for gatewright alone: if so, a value that is not ours is wrong rather than the upstream's. */
  readonly ours: boolean;
}

const SPACE = 0x20;

/** The token in `Authorization: Bearer` (RFC 6750, section 2.1); by hand, as every request has one. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.charCodeAt(6) !== SPACE || authorization.slice(0, 6).toLowerCase() !== 'bearer')
    return undefined;
  const token = authorization.slice(7).trim();
  return token === '' || token.includes(' ') || token.includes('\t') ? undefined : token;
}

/**
 * The credential that is judged: the key header, else a bearer token (RFC 6750, section 2.1). Anything else in
 * `Authorization` belongs to the upstream.
 */
export function presentedCredential(req: IncomingMessage, keyHeader: string): Credential | undefined {
  const key = req.headers[keyHeader];
  if (key !== undefined) return { value: String(key), header: keyHeader, ours: true };
  const token = bearerToken(req.headers.authorization);
  if (token === undefined) return undefined;
  return { value: token, header: 'authorization', ours: looksLikeApiKey(token) };
}
