import { randomUUID } from 'node:crypto';
import { ANONYMOUS_TIER, type TierLimits } from '../core/tiers.js';
import { generateApiKey, hashApiKey } from './api-key.js';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';

const DAY_MS = 86_400_000;

/** What a new key may do. Everything can be left out. */
export interface NewApiKey {
  /** For people. Default: empty. */
  readonly name?: string | undefined;
  /** Default `free`. */
  readonly tier?: string | undefined;
  /** `resource:action` strings. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Default: it never expires. */
  readonly expiresInDays?: number | undefined;
  /** Anything of the user's, kept with the key. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
}

/** A key that was just made. */
export interface CreatedApiKey {
  /** The secret. It is shown here once and can't be had again. */
  readonly key: string;
  readonly record: ApiKeyRecord;
}

/** The programmatic face of an {@link ApiKeyStore}. */
export class ApiKeys {
  readonly #store: ApiKeyStore;

  constructor(store: ApiKeyStore) {
    this.#store = store;
  }

  /** Makes and stores a key. */
  async create(wanted: NewApiKey = {}): Promise<CreatedApiKey> {
    const key = generateApiKey();
    const now = Date.now();
    const record: ApiKeyRecord = Object.freeze({
      id: randomUUID(),
      hash: hashApiKey(key),
      name: wanted.name ?? '',
      tier: wanted.tier ?? ANONYMOUS_TIER,
      permissions: Object.freeze([...(wanted.permissions ?? [])]),
      metadata: Object.freeze({ ...wanted.metadata }),
      limits: wanted.limits && Object.freeze({ ...wanted.limits }),
      createdAt: new Date(now).toISOString(),
      expiresAt: expiry(now, wanted.expiresInDays),
    });
    await this.#store.save(record);
    return { key, record };
  }
}

function expiry(now: number, days: number | undefined): string | undefined {
  return days === undefined ? undefined : new Date(now + days * DAY_MS).toISOString();
}
