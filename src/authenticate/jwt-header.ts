import { LRUCache } from 'lru-cache';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { type JsonObject, objectIn } from './jwt-json.js';

/** What a token says about its signature. */
export interface JwtHeader {
  readonly alg: JwtAlgorithm;
  readonly kid: string | undefined;
}

/** What a header may say. */
export interface JwtHeaderRules {
  readonly algorithms: readonly JwtAlgorithm[];
  /** Media types that `typ` may name, in lower case, without `application/`; undefined for the usual, or no `typ`. */
  readonly types?: readonly string[] | undefined;
}

/**
 * Keys that a token brings along or points to (RFC 7515, sections 4.1.2 to 4.1.6): whoever forges it chooses them. And
 * extensions that must be understood (section 4.1.11): none is.
 */
const refused = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

/** A JWT, an access token (RFC 9068), or what some write in place of them (RFC 7515, section 4.1.9). */
const usualTypes = ['jwt', 'at+jwt', 'jose'];

const MAX_KID_LENGTH = 256;

/** All tokens of one key have the same header. */
const MAX_KNOWN = 100;

/** Reads a token's first segment; gives undefined if the token is refused without a look at its signature. */
export function headerReader(rules: JwtHeaderRules): (segment: string) => JwtHeader | undefined {
  const known = new LRUCache<string, JwtHeader>({ max: MAX_KNOWN });

  return function readHeader(segment) {
    const seen = known.get(segment);
    if (seen !== undefined) return seen;
    const header = acceptable(objectIn(segment), rules);
    // A copy of the segment: a slice would keep the whole token in memory.
    if (header !== undefined) known.set(Buffer.from(segment).toString(), header);
    return header;
  };
}

function acceptable(header: JsonObject | undefined, rules: JwtHeaderRules): JwtHeader | undefined {
  if (header === undefined || refused.some((name) => Object.hasOwn(header, name))) return undefined;
  const alg = rules.algorithms.find((algorithm) => algorithm === header['alg']);
  if (alg === undefined || !isTypeAllowed(header['typ'], rules.types)) return undefined;
  const kid = header['kid'];
  if (kid === undefined) return { alg, kid };
  return typeof kid === 'string' && kid.length > 0 && kid.length <= MAX_KID_LENGTH ? { alg, kid } : undefined;
}

/** So that a token made for something else, such as a log-out, is not taken for one (RFC 8725, section 3.11). */
function isTypeAllowed(typ: unknown, types: readonly string[] | undefined): boolean {
  if (typ === undefined) return types === undefined;
  if (typeof typ !== 'string') return false;
  return (types ?? usualTypes).includes(typ.toLowerCase().replace(/^application\//, ''));
}
