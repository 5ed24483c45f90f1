import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { isKeyFor, isSymmetric, type JwtAlgorithm, jwtAlgorithms, minSecretBytes } from './jwt-algorithms.js';

/** How upstreams are told, so that they can verify it, who sends a request. Exactly one of `secret` and `privateKey`. */
export interface SignedIdentityOptions {
  /**
   * For HS algorithms: what the upstreams have too, so that each of them could sign for the others. A string is taken as
   * UTF-8. As long as the hash or longer: 32 bytes for HS256, 64 for HS512 (RFC 7518, section 3.2).
   */
  readonly secret?: string | Uint8Array | undefined;
  /** For RS, PS and ES algorithms: PEM, or a JWK. RSA: 2,048 bits or more. ES256 costs the least. */
  readonly privateKey?: string | Readonly<Record<string, unknown>> | undefined;
  /** What tokens are signed with. */
  readonly algorithm: JwtAlgorithm;
  /** `iss`: what upstreams know this gateway by. */
  readonly issuer: string;
  /** `aud`, so that no upstream can show another what it was given. Default: the name of the service. */
  readonly audience?: string | undefined;
  /** How long a token is valid, in seconds; it is used for half of that. 2 to 3600. Default 60. */
  readonly ttlSeconds?: number | undefined;
  /** The key's name, in the token's header. Default: none. */
  readonly kid?: string | undefined;
}

const name = z.string().min(1).max(256);

const shape = z.strictObject({
  secret: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  privateKey: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  algorithm: z.enum(jwtAlgorithms),
  issuer: name,
  audience: name.optional(),
  ttlSeconds: z.int().min(2).max(3600).default(60),
  kid: name.optional(),
});

/** `SignedIdentityOptions`, checked; `key` is a `KeyObject`. */
export const signedIdentitySchema = shape.transform(({ secret, privateKey, ...rest }, context) => {
  const key = keyOf(secret, privateKey, rest.algorithm);
  if ('problem' in key) {
    context.addIssue({ code: 'custom', path: [key.option], message: key.problem, input: undefined });
    return z.NEVER;
  }
  return { ...rest, ...key };
});

/** What `signedIdentitySchema` gives. */
export type ResolvedSignedIdentity = z.output<typeof signedIdentitySchema>;

interface SigningKey {
  readonly key: KeyObject;
  /** What verifies what the key has signed. */
  readonly verifyingKey: KeyObject;
}

interface Problem {
  readonly option: 'secret' | 'privateKey';
  readonly problem: string;
}

function keyOf(
  secret: string | Uint8Array | undefined,
  privateKey: string | Readonly<Record<string, unknown>> | undefined,
  algorithm: JwtAlgorithm,
): SigningKey | Problem {
  const option = isSymmetric(algorithm) ? 'secret' : 'privateKey';
  if ((secret === undefined) === (privateKey === undefined))
    return { option, problem: 'must be given, and no other key' };
  if (secret !== undefined) return secretKeyOf(secret, algorithm);
  return privateKeyOf(privateKey as string | Readonly<Record<string, unknown>>, algorithm);
}

function secretKeyOf(secret: string | Uint8Array, algorithm: JwtAlgorithm): SigningKey | Problem {
  const bytes = Buffer.from(secret);
  const least = minSecretBytes([algorithm]);
  if (!isSymmetric(algorithm)) return { option: 'secret', problem: `must not be given for ${algorithm}` };
  if (bytes.includes('-----BEGIN ')) return { option: 'secret', problem: 'must not be a PEM' };
  if (bytes.length < least)
    return {
      option: 'secret',
      problem: `must have at least ${least} bytes (make one with \`openssl rand -hex 64\`)`,
    };
  const key = createSecretKey(bytes);
  return { key, verifyingKey: key };
}

function privateKeyOf(
  given: string | Readonly<Record<string, unknown>>,
  algorithm: JwtAlgorithm,
): SigningKey | Problem {
  const option = 'privateKey';
  let key: KeyObject;
  try {
    key =
      typeof given === 'string'
        ? createPrivateKey(given)
        : createPrivateKey({ key: given as JsonWebKey, format: 'jwk' });
  } catch {
    return { option, problem: 'must be a private key in PEM without a passphrase, or a JWK' };
  }
  const verifyingKey = createPublicKey(key);
  if (isKeyFor(verifyingKey, algorithm)) return { key, verifyingKey };
  return { option, problem: `must be a key for ${algorithm} (RSA from 2048 bits on)` };
}
