import { types } from 'node:util';
import { z } from 'zod';
import { functionOption, objectWith, tierLimitsSchema } from '../core/options.js';
import { ANONYMOUS_TIER, type TierLimits } from '../core/tiers.js';
import type { NonceStore } from './nonce-store.js';

/** Shorter secrets can be guessed (RFC 2104, section 3: not less than the output of the hash). */
const MIN_SECRET_BYTES = 32;

/** A secret that is shared with one client, and what that client may do. */
export interface SignatureKey {
  /** 32 bytes or more, random ones: bytes, or a string that stands for its UTF-8. */
  readonly secret: string | Uint8Array;
  /** What it is limited by. Default `free`. */
  readonly tier?: string | undefined;
  /** `resource:action` strings. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Anything of the user's, left in `req.gateway.identity.metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
}

/**
 * Finds a key by its id, or undefined where there is none. Anybody may ask for any id, so bound and cache what it
 * does. A function that throws or rejects means 503.
 */
export type SignatureKeyResolver = (
  keyId: string,
) => SignatureKey | undefined | PromiseLike<SignatureKey | undefined>;

/** How signed requests are verified: HTTP Message Signatures (RFC 9421) with `hmac-sha256`. */
export interface SignatureOptions {
  /** Keys by their id, or a function that finds them. The id is the identity's. */
  readonly keys: Readonly<Record<string, SignatureKey>> | SignatureKeyResolver;
  /** How old a signature may be, and how far ahead the client's clock, in seconds. 1 to 86,400. Default 300. */
  readonly maxSkewSeconds?: number | undefined;
  /**
   * What a signature must cover: derived components and fields, in lower case. `@target-uri` covers `@scheme`,
   * `@authority`, `@path` and `@query`, and `@request-target` the last two. `content-digest` is required in any case
   * where there is a body. Default `['@method', '@authority', '@path', '@query']`: the scheme is left out, since behind
   * a proxy that ends TLS it is the client's only if `trustProxy` says so.
   */
  readonly requiredComponents?: readonly string[] | undefined;
  /**
   * The hosts that this gateway is reached by, such as `api.example.com`, with the port unless it is the scheme's
   * default. A request for another host is refused, so that what was signed for one deployment can't be sent to
   * another one that has the same keys. Default: any host.
   */
  readonly authorities?: readonly string[] | undefined;
  /** Which of several signatures is meant, by its label. Default: there must be one alone. */
  readonly label?: string | undefined;
  /** Which of several signatures is meant, by its parameter `tag`. Default: any. */
  readonly tag?: string | undefined;
  /** Where used nonces are remembered. Default: this process's memory, so a replay to another replica would pass. */
  readonly nonces?: NonceStore | undefined;
  /**
   * How long a signed body may be, in bytes: it is read into memory and compared with its digest before the request
   * goes on. A longer one is refused with 413. Default 1,048,576.
   */
  readonly maxBodyBytes?: number | undefined;
}

/** Whether a secret is long enough. */
export function isSecret(secret: unknown): secret is string | Uint8Array {
  if (typeof secret === 'string') return Buffer.byteLength(secret) >= MIN_SECRET_BYTES;
  return types.isUint8Array(secret) && secret.length >= MIN_SECRET_BYTES;
}

export const secretSchema = z.custom<string | Uint8Array>(
  isSecret,
  `must be a string or bytes, at least ${MIN_SECRET_BYTES} bytes long`,
);

export const keyIdSchema = z.string().regex(/^[ -~]{1,256}$/, 'must be 1 to 256 printable ASCII characters');

export const labelSchema = z.string().regex(/^[a-z*][a-z0-9_.*-]{0,63}$/, 'must be a label such as "sig1"');

export const componentName = z
  .string()
  .regex(
    /^(?:@(?:method|target-uri|authority|scheme|request-target|path|query)|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/,
    'must be a derived component such as "@method", or the name of a header field',
  )
  .toLowerCase();

const keySchema = z.strictObject({
  secret: secretSchema,
  tier: z.string().min(1).max(64).default(ANONYMOUS_TIER),
  permissions: z.array(z.string().min(1).max(128)).max(1000).default([]),
  metadata: z.record(z.string().max(128), z.json()).default({}),
  limits: tierLimitsSchema.optional(),
});

/** Where a secret stands in place of its key, the message must not show it. */
const bareSecret = z
  .string()
  .refine(() => false, { path: ['secret'], error: 'must stand in an object, `{ secret: "..." }`' })
  .transform((secret) => keySchema.parse({ secret }));

/** `SignatureOptions`, with their defaults. */
export const signatureSchema = z.strictObject({
  keys: z.union([
    functionOption<SignatureKeyResolver>(),
    z.record(keyIdSchema, z.union([keySchema, bareSecret])),
  ]),
  maxSkewSeconds: z.int().min(1).max(86_400).default(300),
  requiredComponents: z
    .array(componentName)
    .min(1)
    .max(64)
    .default(['@method', '@authority', '@path', '@query']),
  authorities: z.array(z.string().min(1).toLowerCase()).min(1).optional(),
  label: labelSchema.optional(),
  tag: keyIdSchema.optional(),
  nonces: objectWith<NonceStore>('remember').optional(),
  maxBodyBytes: z.int().nonnegative().max(1_073_741_824).default(1_048_576),
});

/** Options with their defaults. */
export type ResolvedSignatures = z.output<typeof signatureSchema>;
