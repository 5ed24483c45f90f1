import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import {
  errorOptions,
  functionOption,
  headerName,
  objectWith,
  originOption,
  tierLimitsSchema,
  trustProxyOption,
} from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { TierLimits } from '../core/tiers.js';
import type { RedisClient } from '../redis/client.js';
import { metadataSchema, permissionSchema, permissionsSchema, tierName } from './api-key-options.js';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
import { type JwtOptions, jwtSchema } from './jwt-options.js';
import type { LockoutOptions } from './lockout.js';
import { type SignatureOptions, signatureSchema } from './signature-options.js';
import { type SignedIdentityOptions, signedIdentitySchema } from './signed-identity-options.js';
import type { TicketStore } from './ticket-store.js';
import type { Verifier } from './verifier.js';

/** A key whose hash stands in the configuration. */
export interface ConfiguredApiKey {
  /** Stable name of the subject. */
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  /** For people. Default: empty. */
  readonly name?: string | undefined;
  /** What it is limited by. Default `free`. */
  readonly tier?: string | undefined;
  /** `resource:action` strings. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Anything of yours, left in `req.gateway.identity.metadata`. Default: none. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
}

/** How API keys are read and where they are kept. */
export interface ApiKeyOptions {
  /** The header field that carries a key. Default `X-API-Key`. `Authorization: Bearer gw_…` works beside it. */
  readonly header?: string | undefined;
  /** Where keys are kept. Default: Redis where `redis` is given, else this process's memory. */
  readonly store?: ApiKeyStore | undefined;
  /** Keys that are there from the start, in memory. Not together with `store` or `redis`. Default: none. */
  readonly keys?: readonly ConfiguredApiKey[] | undefined;
  /** A Redis of the keys' own. Default: the gateway's. */
  readonly redis?: RedisClient | undefined;
  /** In front of every key in Redis. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a look-up may take, in milliseconds. Default 1000. */
  readonly storeTimeoutMs?: number | undefined;
  /** How many keys are remembered. Default 100,000. */
  readonly cacheSize?: number | undefined;
  /** How long a key is trusted without asking, in milliseconds, if the news of its change is lost. Default 30,000. */
  readonly cacheTtlMs?: number | undefined;
  /** How long a remembered key goes on working while the store can't be asked, in milliseconds. Default 300,000. */
  readonly staleIfErrorMs?: number | undefined;
}

/** Tickets for WebSockets and server-sent events. */
export interface TicketOptions {
  /** How long a ticket may wait to be used, in milliseconds. 1000 to 300,000. Default 30,000. */
  readonly ttlMs?: number | undefined;
  /** The parameter of the query that carries one. Default `ticket`. */
  readonly parameter?: string | undefined;
  /** Where tickets wait. Default: this process's memory, so another replica does not know them. */
  readonly store?: TicketStore | undefined;
}

/** Options of `authenticate()`. */
export interface AuthenticateOptions extends ErrorOptions {
  /** API keys. Default `{}`: on. `false` switches them off. */
  readonly apiKeys?: ApiKeyOptions | false | undefined;
  /**
   * The administrator's key: tier `system`, every permission. 32 characters or more, of any form. Default: none.
   */
  readonly adminKey?: string | undefined;
  /** Bearer tokens of JWT form. Default: none. */
  readonly jwt?: JwtOptions | undefined;
  /**
   * The tiers that a token can name, those of `rateLimit()`: any other name is `jwt.defaultTier`. Default: the five that
   * exist without being configured; in a gateway, those of its `rateLimit`.
   */
  readonly tiers?: readonly string[] | undefined;
  /** Signed requests: RFC 9421 with `hmac-sha256`. Default: none. */
  readonly hmac?: SignatureOptions | undefined;
  /** A method of your own, asked after the built-in ones. Default: none. */
  readonly verify?: Verifier | undefined;
  /**
   * Addresses that present too many wrong credentials are answered 429 without further work; a key that is known
   * already passes all the same. Default `{}`: on. `false` switches it off.
   */
  readonly lockout?: LockoutOptions | false | undefined;
  /** Paths, with everything below them, that need no credential. Default: none. */
  readonly anonymous?: { readonly paths: readonly string[] } | undefined;
  /**
   * Tickets, which a browser can put where it can add no header fields: on WebSockets and server-sent events. Default
   * `{}`: on. `false` switches them off.
   */
  readonly tickets?: TicketOptions | false | undefined;
  /**
   * Origins whose pages may open a WebSocket, such as `https://app.example.com`, or `*` for all: a browser lets any page
   * open one, and sends cookies along. Default: those of the host that the request is for. A request without `Origin`
   * comes from no browser, and passes.
   */
  readonly origins?: '*' | readonly string[] | undefined;
  /** Tells upstreams who sends a request in `X-Gateway-Identity`, a JWT that they can verify. Default: none. */
  readonly signedIdentity?: SignedIdentityOptions | undefined;
  /** Leaves the accepted credential on the request. Default false: it is removed before the request goes on. */
  readonly forwardCredentials?: boolean | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Hears when a provider of keys can't be asked. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where changes of keys are told to other parts of a gateway. */
  readonly events?: GatewayEvents | undefined;
}

const configuredKey = z.strictObject({
  id: z.string().min(1).max(128),
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal'),
  name: z.string().max(256).default(''),
  tier: tierName.default('free'),
  permissions: permissionsSchema.default([]),
  metadata: metadataSchema.default({}),
  limits: tierLimitsSchema.optional(),
});

const apiKeysSchema = z
  .strictObject({
    header: headerName.default('x-api-key'),
    store: objectWith<ApiKeyStore>('find', 'save', 'list').optional(),
    keys: z.array(configuredKey).optional(),
    redis: objectWith<RedisClient>('evalsha', 'eval', 'ping').optional(),
    keyPrefix: z.string().max(64).default('gw:'),
    storeTimeoutMs: z.int().positive().max(60_000).default(1000),
    cacheSize: z.int().positive().max(10_000_000).default(100_000),
    cacheTtlMs: z.int().nonnegative().max(86_400_000).default(30_000),
    staleIfErrorMs: z.int().nonnegative().max(86_400_000).default(300_000),
  })
  .refine((value) => [value.store, value.keys, value.redis].filter(Boolean).length <= 1, {
    error: 'must have one of `store`, `keys` and `redis`, not several',
  });

export const authenticateSchema = z
  .strictObject({
    ...errorOptions,
    apiKeys: z.union([z.literal(false), apiKeysSchema]).prefault({}),
    adminKey: z.string().min(32).max(1024).optional(),
    jwt: jwtSchema.optional(),
    tiers: z.array(tierName).min(1).optional(),
    hmac: signatureSchema.optional(),
    verify: functionOption<Verifier>().optional(),
    lockout: z
      .union([
        z.literal(false),
        z.strictObject({
          failures: z.int().min(2).max(1_000_000).default(100),
          windowMs: z.int().min(1000).max(86_400_000).default(60_000),
        }),
      ])
      .prefault({}),
    anonymous: z
      .strictObject({ paths: z.array(z.string().regex(/^\//, 'must start with a slash')).min(1) })
      .optional(),
    tickets: z
      .union([
        z.literal(false),
        z.strictObject({
          ttlMs: z.int().min(1000).max(300_000).default(30_000),
          parameter: z
            .string()
            .regex(/^[\w.~-]{1,64}$/, 'must be 1 to 64 letters, digits and `-._~`')
            .default('ticket'),
          store: objectWith<TicketStore>('put', 'take').optional(),
        }),
      ])
      .prefault({}),
    origins: z.union([z.literal('*'), z.array(originOption).min(1)]).optional(),
    signedIdentity: signedIdentitySchema.optional(),
    forwardCredentials: z.boolean().default(false),
    trustProxy: trustProxyOption.optional(),
    logger: objectWith<Logger>('info', 'warn', 'error').optional(),
    events: objectWith<GatewayEvents>('publish').optional(),
  })
  .refine(
    ({ jwt, signedIdentity }) => !jwt?.keys?.some(({ key }) => signedIdentity?.verifyingKey.equals(key)),
    {
      path: ['signedIdentity'],
      error: 'must not be signed with the key of `jwt`: an upstream could come back with what it was given',
    },
  );

export const requirePermissionsSchema = z.strictObject({
  ...errorOptions,
  required: z.array(permissionSchema).min(1),
});

/** Options with their defaults. */
export type ResolvedAuthenticate = z.output<typeof authenticateSchema>;
export type ResolvedApiKeys = z.output<typeof apiKeysSchema>;

/** Configured keys as records. */
export function recordsOf(keys: ResolvedApiKeys['keys'] = []): ApiKeyRecord[] {
  const createdAt = new Date().toISOString();
  return keys.map((key) => Object.freeze({ ...key, createdAt }));
}
