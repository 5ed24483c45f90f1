import { createSecretKey } from 'node:crypto';
import { z } from 'zod';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import { type JwtAlgorithm, jwtAlgorithms } from './jwt-algorithms.js';
import { contradictionsIn } from './jwt-contradictions.js';
import { type JwtKey, jwtKey, publicKeyOf } from './jwt-keys.js';

/** One of several public keys. */
export interface JwtPublicKey {
  /** Its name in a token's header. Needed where two keys fit one algorithm. */
  readonly kid?: string | undefined;
  /** PEM of a public key or a certificate. */
  readonly key: string;
}

/** Where an identity provider publishes its keys (RFC 7517, section 5). */
export interface JwksOptions {
  /** `https:`, or `http:` on a loopback address. Nothing else is ever asked, and no redirect is followed. */
  readonly url: string;
  /** For how long the keys are trusted without asking, in milliseconds: what the provider withdraws is refused then. Default 600,000. */
  readonly cacheTtlMs?: number | undefined;
  /** For how long keys go on working, beyond `cacheTtlMs`, while the provider can't be asked, in milliseconds. Default 3,600,000. */
  readonly staleIfErrorMs?: number | undefined;
  /** For how long a `kid` that the provider doesn't know is refused without asking, in milliseconds. Default 30,000. */
  readonly cooldownMs?: number | undefined;
  /** How long the whole answer may take, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** How often the provider is asked at most, whatever tokens come. Default 10. */
  readonly requestsPerMinute?: number | undefined;
}

/**
 * Which claims an identity is made of. A name with dots that is not a claim of its own is a path, such as
 * `realm_access.roles`.
 */
export interface JwtClaims {
  /** The claim that says who it is; a token without it is refused. Default `sub`. */
  readonly id?: string | undefined;
  /** The claim that names the tier; of an array, the first that is one. Default `tier`. */
  readonly tier?: string | undefined;
  /** The claims that have permissions, all together: strings are split on spaces, arrays are taken as they are. Default `scope`, `permissions` and `roles`. */
  readonly permissions?: readonly string[] | undefined;
  /** Claims that are copied to the identity's `metadata`. Default: none. */
  readonly metadata?: readonly string[] | undefined;
}

/** How bearer tokens of JWT form are verified (RFC 7519, RFC 8725). Exactly one of `secret`, `publicKey` and `jwks`. */
export interface JwtOptions {
  /** For HS algorithms; a string is taken as UTF-8. As long as the hash or longer: 32 bytes for HS256, 64 for HS512 (RFC 7518, section 3.2). */
  readonly secret?: string | Uint8Array | undefined;
  /** Lets a shorter secret pass, which can be guessed from any one token. Default false. */
  readonly allowShortSecret?: boolean | undefined;
  /** For RS, PS and ES algorithms: PEM of a public key or a certificate, or several. RSA: 2,048 bits or more. */
  readonly publicKey?: string | readonly JwtPublicKey[] | undefined;
  /** For RS, PS and ES algorithms: the keys of an identity provider. */
  readonly jwks?: JwksOptions | undefined;
  /** Those that a token may be signed with, whatever it says of itself. HS can't be mixed with others. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** What `iss` must be. Default false: anything. With `jwks` it must be said: a provider may sign for others, too. */
  readonly issuer?: string | readonly string[] | false | undefined;
  /** What `aud` must have, one of several. Default false: anything. With `jwks` it must be said. */
  readonly audience?: string | readonly string[] | false | undefined;
  /** How far clocks may differ: added to `exp`, taken from `nbf`. At most 300. Default 0. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Whether a token without `exp` is refused. Default true. */
  readonly requireExpiry?: boolean | undefined;
  /** A longer token is refused unread. Default 8192. */
  readonly maxTokenBytes?: number | undefined;
  /** Media types of which `typ` must name one, such as `at+jwt` (RFC 9068). Default: `JWT`, `at+jwt`, `JOSE` or no `typ`. */
  readonly types?: readonly string[] | undefined;
  /** Which claims an identity is made of. */
  readonly claims?: JwtClaims | undefined;
  /** What values of the tier claim stand for, such as `{ gold: 'premium' }`. A value that is not listed stands for itself. */
  readonly tierMap?: Readonly<Record<string, string>> | undefined;
  /** The tier of a token that names none that exists. Default `free`. */
  readonly defaultTier?: string | undefined;
  /** Whether a token can have the tier `system`, which has no limits. Default false. */
  readonly allowSystemTier?: boolean | undefined;
  /** Verified tokens are remembered until they expire: at most `maxEntries`. `false`: each is verified each time. Default: 10,000. */
  readonly cache?: { readonly maxEntries?: number | undefined } | false | undefined;
}

const HOUR_MS = 3_600_000;
const name = z.string().min(1).max(256);
const tier = z.string().min(1).max(64);
const names = z
  .union([z.literal(false), name, z.array(name).min(1).max(100)])
  .transform((value) => (value === false ? value : [value].flat()));

const publicKey = z.string().transform((pem, context) => {
  const key = publicKeyOf(pem);
  if (typeof key !== 'string') return key;
  context.addIssue({ code: 'custom', message: key, input: pem });
  return z.NEVER;
});

const jwksUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}, 'must be an https: URL without a user name (http: on a loopback address alone)');

const shape = z.strictObject({
  secret: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  allowShortSecret: z.boolean().default(false),
  publicKey: z
    .union([
      publicKey.transform((key) => [{ kid: undefined, key }]),
      z
        .array(z.strictObject({ kid: name.optional(), key: publicKey }))
        .min(1)
        .max(100),
    ])
    .optional(),
  jwks: z
    .strictObject({
      url: jwksUrl,
      cacheTtlMs: z
        .int()
        .min(1000)
        .max(24 * HOUR_MS)
        .default(600_000),
      staleIfErrorMs: z
        .int()
        .nonnegative()
        .max(24 * HOUR_MS)
        .default(HOUR_MS),
      cooldownMs: z.int().nonnegative().max(HOUR_MS).default(30_000),
      timeoutMs: z.int().positive().max(60_000).default(5000),
      requestsPerMinute: z.int().positive().max(600).default(10),
    })
    .optional(),
  algorithms: z.array(z.enum(jwtAlgorithms)).min(1),
  issuer: names.optional(),
  audience: names.optional(),
  clockToleranceSeconds: z.number().nonnegative().max(300).default(0),
  requireExpiry: z.boolean().default(true),
  maxTokenBytes: z.int().min(64).max(1_048_576).default(8192),
  types: z
    .array(name.transform((type) => type.toLowerCase().replace(/^application\//, '')))
    .min(1)
    .optional(),
  claims: z
    .strictObject({
      id: name.default('sub'),
      tier: name.default('tier'),
      permissions: z.array(name).max(100).default(['scope', 'permissions', 'roles']),
      metadata: z.array(name).max(100).default([]),
    })
    .prefault({}),
  tierMap: z.record(name, tier).default({}),
  defaultTier: tier.default(ANONYMOUS_TIER),
  allowSystemTier: z.boolean().default(false),
  cache: z
    .union([
      z.literal(false),
      z.strictObject({ maxEntries: z.int().positive().max(1_000_000).default(10_000) }),
    ])
    .prefault({}),
});

type Options = z.output<typeof shape>;

/** `JwtOptions`, checked; keys are `KeyObject`s. */
export const jwtSchema = shape
  .superRefine((options, context) => {
    for (const [path, message] of contradictionsIn(options)) {
      context.addIssue({ code: 'custom', path: [path], message, input: options });
    }
  })
  .transform(({ secret, publicKey, tierMap, ...rest }) => ({
    ...rest,
    keys: keysOf({ ...rest, secret, publicKey }),
    tierMap: new Map(Object.entries(tierMap)),
  }));

/** What `jwtSchema` gives. */
export type ResolvedJwt = z.output<typeof jwtSchema>;

/** Undefined where they are the provider's. */
function keysOf({
  secret,
  publicKey,
  algorithms,
}: Pick<Options, 'secret' | 'publicKey' | 'algorithms'>): readonly JwtKey[] | undefined {
  if (secret !== undefined) return [jwtKey(createSecretKey(Buffer.from(secret)), algorithms)];
  return publicKey?.map(({ kid, key }) => jwtKey(key, algorithms, kid));
}
