import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import { errorOptions, headerName, objectWith, tierLimitsSchema, trustProxyOption } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { TierLimits } from '../core/tiers.js';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
import type { NewApiKey } from './api-keys.js';

/** A key whose hash stands in the configuration. */
export interface ConfiguredApiKey {
  /** Stable name of the subject. */
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  readonly name?: string | undefined;
  /** Default `free`. */
  readonly tier?: string | undefined;
  /** `resource:action` strings. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
}

/** How API keys are read and where they are kept. */
export interface ApiKeyOptions {
  /** The header field that carries a key. Default `X-API-Key`. `Authorization: Bearer gw_…` works beside it. */
  readonly header?: string | undefined;
  /** Where keys are kept. Default: this process's memory. */
  readonly store?: ApiKeyStore | undefined;
  /** Keys that are there from the start. Not together with `store`. */
  readonly keys?: readonly ConfiguredApiKey[] | undefined;
}

/** Options of `authenticate()`. */
export interface AuthenticateOptions extends ErrorOptions {
  /** API keys. Default `{}`: on. */
  readonly apiKeys?: ApiKeyOptions | undefined;
  /**
   * The administrator's key: tier `system`, every permission. 32 characters or more, of any form. Default: none.
   */
  readonly adminKey?: string | undefined;
  /** Paths, with everything below them, that need no credential. Default: none. */
  readonly anonymous?: { readonly paths: readonly string[] } | undefined;
  /** Leaves the accepted credential on the request. Default false: it is removed before the request goes on. */
  readonly forwardCredentials?: boolean | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
}

const permission = z.string().min(1).max(128);
const metadata = z.record(z.string().max(128), z.json());

export const authenticateSchema = z.strictObject({
  ...errorOptions,
  apiKeys: z
    .strictObject({
      header: headerName.default('x-api-key'),
      store: objectWith<ApiKeyStore>('find', 'save').optional(),
      keys: z
        .array(
          z.strictObject({
            id: z.string().min(1).max(128),
            hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal'),
            name: z.string().max(256).default(''),
            tier: z.string().min(1).max(64).default('free'),
            permissions: z.array(permission).max(1000).default([]),
            metadata: metadata.default({}),
            limits: tierLimitsSchema.optional(),
          }),
        )
        .optional(),
    })
    .refine(
      (value) => !(value.store && value.keys),
      'must not have both `store` and `keys`: put the keys in the store',
    )
    .prefault({}),
  adminKey: z.string().min(32).max(1024).optional(),
  anonymous: z
    .strictObject({ paths: z.array(z.string().regex(/^\//, 'must start with a slash')).min(1) })
    .optional(),
  forwardCredentials: z.boolean().default(false),
  trustProxy: trustProxyOption.optional(),
});

export const requirePermissionsSchema = z.strictObject({
  ...errorOptions,
  required: z.array(permission).min(1),
});

const limitsBody = z
  .strictObject({
    requests_per_minute: tierLimitsSchema.shape.requestsPerMinute,
    requests_per_hour: tierLimitsSchema.shape.requestsPerHour,
    requests_per_day: tierLimitsSchema.shape.requestsPerDay,
    burst_limit: tierLimitsSchema.shape.burstLimit,
    cost_limit_per_hour: tierLimitsSchema.shape.costLimitPerHour,
    concurrent_requests: tierLimitsSchema.shape.concurrentRequests,
  })
  .transform((body) => ({
    requestsPerMinute: body.requests_per_minute,
    requestsPerHour: body.requests_per_hour,
    requestsPerDay: body.requests_per_day,
    burstLimit: body.burst_limit,
    costLimitPerHour: body.cost_limit_per_hour,
    concurrentRequests: body.concurrent_requests,
  }));

/** The body of `POST /api/auth/api-key`, snake_case as on the wire, turned into a `NewApiKey`. */
export const newApiKeySchema = z
  .strictObject({
    name: z.string().max(256).optional(),
    tier: z.string().min(1).max(64).optional(),
    permissions: z.array(permission).max(1000).optional(),
    expires_in_days: z.number().positive().max(36_500).optional(),
    metadata: metadata.optional(),
    limits: limitsBody.optional(),
  })
  .transform(({ expires_in_days, ...rest }): NewApiKey => ({ ...rest, expiresInDays: expires_in_days }));

/** Configured keys as records. */
export function recordsOf(keys: z.output<typeof authenticateSchema>['apiKeys']['keys'] = []): ApiKeyRecord[] {
  const createdAt = new Date().toISOString();
  return keys.map((key) => Object.freeze({ ...key, createdAt }));
}
