import { z } from 'zod';
import { tierLimitsSchema } from '../core/options.js';
import type { TierLimits } from '../core/tiers.js';
import { isAddressOrSubnet } from './address-list.js';

/** What a new key may do. Everything can be left out. */
export interface NewApiKey {
  /** For people. Default: empty. */
  readonly name?: string | undefined;
  /** Whom it belongs to. Default: nobody in particular. */
  readonly owner?: string | undefined;
  /** Default `free`. */
  readonly tier?: string | undefined;
  /** `resource:action` strings. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Default: it never expires. */
  readonly expiresInDays?: number | undefined;
  /** ISO 8601. Default: it is valid at once. */
  readonly notBefore?: string | undefined;
  /** Anything of the user's, kept with the key: JSON, at most 16 KiB. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
  /** Addresses and subnets that it may be used from. Default: any. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Names of services that it may be used for. Default: all. */
  readonly services?: readonly string[] | undefined;
}

/** What of a key can be changed; `null` takes an optional value away. */
export interface ApiKeyChanges {
  readonly name?: string | undefined;
  readonly owner?: string | null | undefined;
  readonly tier?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
  /** ISO 8601. */
  readonly expiresAt?: string | null | undefined;
  /** ISO 8601. */
  readonly notBefore?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly limits?: TierLimits | null | undefined;
  readonly allowedIps?: readonly string[] | null | undefined;
  readonly services?: readonly string[] | null | undefined;
}

export const permissionSchema = z.string().min(1).max(128);
export const tierName = z.string().min(1).max(64);
const name = z.string().max(256);
export const time = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 time such as "2030-01-01T00:00:00Z"',
});
const allowedIps = z
  .array(z.string().refine(isAddressOrSubnet, 'must be an address or a subnet such as "10.0.0.0/8"'))
  .min(1)
  .max(100);
const services = z.array(z.string().min(1).max(64)).min(1).max(100);
export const permissionsSchema = z.array(permissionSchema).max(1000);
/** So deep may metadata be: what goes deeper cannot be walked through safely. */
const MAX_LEVELS = 32;
export const metadataSchema = z
  .unknown()
  .refine((value) => isShallow(value), `must be at most ${MAX_LEVELS} levels deep`)
  .pipe(
    z
      .record(z.string().max(128), z.json())
      .refine((value) => JSON.stringify(value).length <= 16_384, 'must be at most 16 KiB of JSON'),
  );

export const newApiKeySchema = z.strictObject({
  name: name.optional(),
  owner: name.optional(),
  tier: tierName.optional(),
  permissions: permissionsSchema.optional(),
  expiresInDays: z.number().positive().max(36_500).optional(),
  notBefore: time.optional(),
  metadata: metadataSchema.optional(),
  limits: tierLimitsSchema.optional(),
  allowedIps: allowedIps.optional(),
  services: services.optional(),
});

export const apiKeyChangesSchema = z.strictObject({
  name: name.optional(),
  owner: name.nullish(),
  tier: tierName.optional(),
  permissions: permissionsSchema.optional(),
  expiresAt: time.nullish(),
  notBefore: time.nullish(),
  metadata: metadataSchema.optional(),
  limits: tierLimitsSchema.nullish(),
  allowedIps: allowedIps.nullish(),
  services: services.nullish(),
});

export const rotationSchema = z.strictObject({
  graceSeconds: z.number().nonnegative().max(31_536_000).optional(),
});

function isShallow(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** A schema as it is on the wire: snake_case. It gives the camelCase that the schema itself is about. */
function onTheWire<Shape extends z.core.$ZodShape>(schema: z.ZodObject<Shape>) {
  const names = Object.keys(schema.shape);
  const wire = Object.fromEntries(
    names.map((each) => [snakeCase(each), schema.shape[each] as z.core.$ZodType]),
  );
  return z
    .strictObject(wire)
    .transform((body) => Object.fromEntries(names.map((each) => [each, body[snakeCase(each)]])));
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** An object as it is on the wire. */
export function snakeCased(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([each, inner]) => [snakeCase(each), inner]));
}

const wireLimits = onTheWire(tierLimitsSchema);

/** The body of `POST /api/auth/api-key`. */
export const newApiKeyBody = onTheWire(newApiKeySchema.safeExtend({ limits: wireLimits.optional() }));

/** The body of `PATCH /api/auth/api-key/:id`. */
export const apiKeyChangesBody = onTheWire(apiKeyChangesSchema.safeExtend({ limits: wireLimits.nullish() }));

/** The body of `POST /api/auth/api-key/:id/rotate`. */
export const rotateBody = onTheWire(rotationSchema);
