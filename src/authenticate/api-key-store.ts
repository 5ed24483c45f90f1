import type { TierLimits } from '../core/tiers.js';

/** What is kept of an API key. The key itself is not. */
export interface ApiKeyRecord {
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  readonly name: string;
  readonly tier: string;
  readonly permissions: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** ISO 8601, UTC; undefined where it never expires. */
  readonly expiresAt?: string | undefined;
}

/** Where API keys are kept. */
export interface ApiKeyStore {
  /** The record of the key with this SHA-256. */
  find(hash: string): ApiKeyRecord | undefined | Promise<ApiKeyRecord | undefined>;
  /** Adds a record, or replaces the one with its id. */
  save(record: ApiKeyRecord): void | Promise<void>;
}
