import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import { type Logger, silentLogger } from '../core/logger.js';
import { isThenable } from '../core/thenable.js';
import { defaultTiers } from '../core/tiers.js';
import { looksLikeApiKey } from './api-key.js';
import { bearerToken } from './credentials.js';
import { JwksKeys } from './jwks-keys.js';
import { headerReader } from './jwt-header.js';
import { chooseKey, type JwtKey, type JwtKeys } from './jwt-keys.js';
import type { ResolvedJwt } from './jwt-options.js';
import { invalid, tokenJudge, type ValidToken } from './jwt-token.js';
import type { Verdict, Verifier } from './verifier.js';

/** RFC 7515, section 3.1. */
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Judges bearer tokens of JWT form; any other is not presented. */
export interface JwtVerifier extends Verifier {
  /** Whether a request presents a token that has been valid before, which is cheap to judge and no guess. */
  isKnown(req: IncomingMessage): boolean;
}

/**
 * Makes a verifier. It answers at once, unless a provider has to be asked for its keys. A token that was valid is
 * known by its SHA-256 from then on: it has the same identity each time, as long as it has not expired and its key is
 * still there.
 *
 * @param isTier which tiers there are; a token that names another has the default one
 * @param logger hears when a provider can't be asked, and when it can again
 */
export function jwtVerifier(
  options: ResolvedJwt,
  isTier: (name: string) => boolean = isDefaultTier,
  logger: Logger = silentLogger,
): JwtVerifier {
  const keys = keysFor(options, logger);
  const readHeader = headerReader(options);
  const judge = tokenJudge(options, isTier);
  const cache = options.cache
    ? new LRUCache<string, ValidToken>({ max: options.cache.maxEntries })
    : undefined;

  function verifyJwt(req: IncomingMessage): Verdict | undefined | PromiseLike<Verdict> {
    const token = presentedToken(req);
    if (token === undefined) return undefined;
    if (token.length > options.maxTokenBytes) return invalid;
    const digest = cache ? hash('sha256', token) : '';
    const known = cache?.get(digest);
    const header = known?.header ?? readHeader(token.slice(0, token.indexOf('.')));
    if (header === undefined) return invalid;
    const conclude = (key: JwtKey | undefined): Verdict => {
      if (key === undefined) return invalid;
      const now = Date.now() / 1000;
      if (known && isStillValid(known, key, now)) return known.verdict;
      const result = judge(token, header, key, now);
      if ('message' in result) return result;
      cache?.set(digest, result);
      return result.verdict;
    };
    const key = keys.find(header.alg, header.kid);
    return isThenable(key) ? key.then(conclude) : conclude(key);
  }

  function isKnown(req: IncomingMessage): boolean {
    const token = presentedToken(req);
    return token !== undefined && cache?.has(hash('sha256', token)) === true;
  }

  return Object.assign(verifyJwt, { isKnown });
}

function presentedToken(req: IncomingMessage): string | undefined {
  const token = bearerToken(req.headers.authorization);
  return token === undefined || looksLikeApiKey(token) || !jwtForm.test(token) ? undefined : token;
}

function keysFor({ keys = [], jwks, algorithms }: ResolvedJwt, logger: Logger): JwtKeys {
  if (jwks !== undefined) return new JwksKeys(jwks, algorithms, logger);
  return { find: (algorithm, kid) => chooseKey(keys, algorithm, kid) };
}

function isStillValid({ key, validFrom, validUntil }: ValidToken, current: JwtKey, now: number): boolean {
  return key === current && validFrom <= now && now < validUntil;
}

function isDefaultTier(name: string): boolean {
  return Object.hasOwn(defaultTiers, name);
}
