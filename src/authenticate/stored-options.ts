import { z } from 'zod';
import { tierLimitsSchema } from '../core/options.js';
import { permissionSchema, tierName, time } from './api-key-options.js';
import type { ApiKeyRecord } from './api-key-store.js';
import { frozen } from './frozen.js';
import type { TicketHolder } from './ticket-holder.js';

const text = z.string().min(1);
const limits = tierLimitsSchema.loose().optional();
const metadata = z.record(z.string(), z.unknown());

/** What must be there of a key. A later version may have written more. */
const record = z.looseObject({
  id: text,
  hash: text,
  name: z.string(),
  owner: z.string().optional(),
  tier: tierName,
  permissions: z.array(permissionSchema),
  metadata,
  limits,
  allowedIps: z.array(text).optional(),
  services: z.array(text).optional(),
  createdAt: time,
  notBefore: time.optional(),
  expiresAt: time.optional(),
  revokedAt: time.optional(),
  previous: z.looseObject({ hash: text, validUntil: time }).optional(),
});

const identity = z.looseObject({
  id: text,
  method: z.enum(['jwt', 'hmac', 'custom']),
  issuer: z.string().optional(),
  tier: tierName,
  permissions: z.array(z.string()),
  metadata,
  limits,
});

const holder = z.union([
  z.strictObject({ keyHash: text }),
  z.strictObject({ identity, expiresAt: z.number().optional() }),
]);

/** The record of a key as it was stored; undefined for what is none. Whoever can write there must not let a key in. */
export function storedRecord(stored: string): ApiKeyRecord | undefined {
  return readable(record, stored) as ApiKeyRecord | undefined;
}

/** Whom a ticket stands for, as it was stored; undefined for what tells nobody. */
export function storedHolder(stored: string): TicketHolder | undefined {
  return readable(holder, stored) as TicketHolder | undefined;
}

/** What is stored, as it is: a record that is replaced is compared with it. */
function readable(schema: z.ZodType, stored: string): unknown {
  try {
    const value: unknown = JSON.parse(stored);
    return schema.safeParse(value).success ? frozen(value) : undefined;
  } catch {
    return undefined;
  }
}
