import type { KeyObject } from 'node:crypto';

/** Every algorithm that a token may be signed with (RFC 7518, section 3.1). `none` is not one of them. */
export const jwtAlgorithms = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

/** The name of an algorithm, as in a token's `alg`. */
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** The least modulus of an RSA key, in bits (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048;

/** Names in OpenSSL of the curves of RFC 7518, section 3.4. */
const curves: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

/** Whether the one who verifies with this algorithm could sign, too. */
export function isSymmetric(algorithm: JwtAlgorithm): boolean {
  return algorithm.startsWith('HS');
}

/** The least length of a secret: that of the longest hash it is used with (RFC 7518, section 3.2). */
export function minSecretBytes(algorithms: readonly JwtAlgorithm[]): number {
  return Math.max(...algorithms.map(bitsOf)) / 8;
}

/** Whether a key is of the type, curve and strength that an algorithm asks for. */
export function isKeyFor(key: KeyObject, algorithm: JwtAlgorithm): boolean {
  if (key.type !== 'public') return key.type === 'secret' && isSymmetric(algorithm);
  const { modulusLength = 0, namedCurve, hashAlgorithm } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return /^[RP]S/.test(algorithm) && modulusLength >= MIN_RSA_BITS;
    case 'rsa-pss':
      return (
        algorithm.startsWith('PS') &&
        modulusLength >= MIN_RSA_BITS &&
        hashAlgorithm === `sha${bitsOf(algorithm)}`
      );
    case 'ec':
      return namedCurve !== undefined && namedCurve === curves[algorithm];
    default:
      return false;
  }
}

function bitsOf(algorithm: JwtAlgorithm): number {
  return Number(algorithm.slice(2));
}
