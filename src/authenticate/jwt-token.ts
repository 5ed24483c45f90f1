import jsonwebtoken from 'jsonwebtoken';
import { INVALID_CHALLENGE } from './challenge.js';
import { identityReader } from './jwt-claims.js';
import type { JwtHeader } from './jwt-header.js';
import { isObject, isPlain } from './jwt-json.js';
import type { JwtKey } from './jwt-keys.js';
import type { ResolvedJwt } from './jwt-options.js';
import type { Accepted, Rejected } from './verifier.js';

/** A token that is valid. Nothing about it changes but the time and the keys. */
export interface ValidToken {
  readonly header: JwtHeader;
  readonly key: JwtKey;
  readonly verdict: Accepted;
  /** Seconds since the epoch. */
  readonly validFrom: number;
  /** Seconds since the epoch, not included. */
  readonly validUntil: number;
}

export const invalid = rejected('Invalid token');
const expired = rejected('Token expired');
const early = rejected('Token not yet valid');

/** Judges a token whose header has been read, with the key it is to be signed with. `now` is seconds since the epoch. */
export type TokenJudge = (
  token: string,
  header: JwtHeader,
  key: JwtKey,
  now: number,
) => ValidToken | Rejected;

export function tokenJudge(options: ResolvedJwt, isTier: (name: string) => boolean): TokenJudge {
  const { clockToleranceSeconds: tolerance, requireExpiry } = options;
  const identityOf = identityReader(options, isTier);
  const issuer = oneOf(options.issuer);
  const audience = oneOf(options.audience);

  return function judge(token, header, key, now) {
    const payloadEnd = token.lastIndexOf('.');
    if (!isCanonical(token.slice(payloadEnd + 1))) return invalid;
    let claims: unknown;
    try {
      claims = jsonwebtoken.verify(token, key.key, {
        algorithms: [header.alg],
        issuer,
        audience,
        clockTolerance: tolerance,
        clockTimestamp: now,
      });
    } catch (error) {
      return rejectionFor(error);
    }
    if (!isObject(claims) || !isPlain(token.slice(token.indexOf('.') + 1, payloadEnd), claims))
      return invalid;
    const from = secondsIn(claims['nbf'], Number.NEGATIVE_INFINITY);
    const until = secondsIn(claims['exp'], requireExpiry ? undefined : Number.POSITIVE_INFINITY);
    if (from === undefined || until === undefined) return invalid;
    const identity = identityOf(claims, (until + tolerance) * 1000);
    if (identity === undefined) return invalid;
    return {
      header,
      key,
      verdict: {
        identity,
        headers: ['authorization'],
      },
      validFrom: from - tolerance,
      validUntil: until + tolerance,
    };
  };
}

/** A time of RFC 7519, section 2, or what holds without one. A number too large for JavaScript is none. */
function secondsIn(claim: unknown, absent: number | undefined): number | undefined {
  if (claim === undefined) return absent;
  return typeof claim === 'number' && Number.isFinite(claim) ? claim : undefined;
}

/** As jsonwebtoken wants it: undefined for any. */
function oneOf(names: readonly string[] | false | undefined): [string, ...string[]] | undefined {
  return names === false || names === undefined ? undefined : (names as [string, ...string[]]);
}

/**
 * Whether a segment ends as an encoder ends it: the bits that its last character has too many are zero. Otherwise one
 * signature could be written in many ways.
 */
function isCanonical(segment: string): boolean {
  const last = segment.charAt(segment.length - 1);
  switch (segment.length % 4) {
    case 0:
      return true;
    case 2:
      return 'AQgw'.includes(last);
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last);
    default:
      return false;
  }
}

/** jsonwebtoken looks at the signature first: nobody is told more of a token that is not genuine. */
function rejectionFor(error: unknown): Rejected {
  if (error instanceof jsonwebtoken.TokenExpiredError) return expired;
  return error instanceof jsonwebtoken.NotBeforeError ? early : invalid;
}

/** RFC 6750, section 3. */
function rejected(message: string): Rejected {
  return Object.freeze({ message, challenge: `${INVALID_CHALLENGE}, error_description="${message}"` });
}
