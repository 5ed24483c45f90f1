import type { KeyObject } from 'node:crypto';
import { SYSTEM_TIER } from '../core/tiers.js';
import { isSymmetric, type JwtAlgorithm, minSecretBytes } from './jwt-algorithms.js';
import { jwtKey } from './jwt-keys.js';

/** Options of which each is right by itself. */
interface JwtChoices {
  readonly secret?: string | Uint8Array | undefined;
  readonly allowShortSecret: boolean;
  readonly publicKey?: readonly { readonly kid?: string | undefined; readonly key: KeyObject }[] | undefined;
  readonly jwks?: unknown;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly issuer?: unknown;
  readonly audience?: unknown;
  readonly tierMap: Readonly<Record<string, string>>;
  readonly defaultTier: string;
  readonly allowSystemTier: boolean;
}

/** An option to blame, whose value can be shown, and the rule. */
type Contradiction = readonly [keyof JwtChoices, string];

/** What is wrong with options taken together. */
export function contradictionsIn(choices: JwtChoices): Contradiction[] {
  const { secret, publicKey, jwks } = choices;
  const sources = [secret, publicKey, jwks].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    return [['secret', 'must be given, or `publicKey`, or `jwks`: exactly one of the three']];
  }
  return [...mixedAlgorithms(choices), ...tierProblems(choices)].concat(
    secret === undefined ? [] : secretProblems(secret, choices),
    publicKey === undefined ? [] : keyProblems(publicKey, choices.algorithms),
    jwks === undefined ? [] : openQuestions(choices),
  );
}

/** With both kinds, a public key could be taken for the secret, and everybody has it (RFC 8725, section 2.1). */
function mixedAlgorithms({ secret, algorithms }: JwtChoices): Contradiction[] {
  const symmetric = secret !== undefined;
  if (algorithms.every((algorithm) => isSymmetric(algorithm) === symmetric)) return [];
  return [
    [
      'algorithms',
      symmetric ? 'must be HS ones with `secret`' : 'must be RS, PS or ES ones with public keys',
    ],
  ];
}

function tierProblems({ tierMap, defaultTier, allowSystemTier }: JwtChoices): Contradiction[] {
  if (allowSystemTier || ![defaultTier, ...Object.values(tierMap)].includes(SYSTEM_TIER)) return [];
  return [['allowSystemTier', 'must be true where `tierMap` or `defaultTier` has `system`']];
}

function secretProblems(
  secret: string | Uint8Array,
  { algorithms, allowShortSecret }: JwtChoices,
): Contradiction[] {
  if (Buffer.from(secret).includes('-----BEGIN ')) {
    return [['secret', 'must not be a PEM, with which anybody could sign: give it as `publicKey`']];
  }
  const length = Buffer.byteLength(secret);
  if (length === 0) return [['secret', 'must not be empty']];
  const least = minSecretBytes(algorithms.filter(isSymmetric));
  if (allowShortSecret || length >= least) return [];
  const remedy = 'make one with `openssl rand -hex 64`, or set `allowShortSecret`';
  return [['secret', `must have at least ${least} bytes (${remedy})`]];
}

function keyProblems(
  keys: readonly { readonly kid?: string | undefined; readonly key: KeyObject }[],
  algorithms: readonly JwtAlgorithm[],
): Contradiction[] {
  const problems: Contradiction[] = [];
  const uses = new Set<string>();
  for (const [at, { kid, key }] of keys.entries()) {
    const fitting = [...jwtKey(key, algorithms).algorithms];
    if (fitting.length === 0) {
      problems.push(['algorithms', `must have one that public key ${at + 1} is for (RSA from 2048 bits on)`]);
    }
    if (fitting.some((algorithm) => uses.has(`${algorithm} ${kid}`))) {
      problems.push(['publicKey', 'must have keys that differ in `kid`, so that a token can say which']);
    }
    for (const algorithm of fitting) uses.add(`${algorithm} ${kid}`);
  }
  return problems;
}

/** A provider signs for many: without these, a token for any of its other applications would do (RFC 8725, section 3.9). */
function openQuestions({ issuer, audience }: JwtChoices): Contradiction[] {
  const problems: Contradiction[] = [];
  if (issuer === undefined) problems.push(['issuer', 'must be given with `jwks` (false: any)']);
  if (audience === undefined) problems.push(['audience', 'must be given with `jwks` (false: any)']);
  return problems;
}
