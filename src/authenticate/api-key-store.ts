import type { TierLimits } from '../core/tiers.js';

/** What is kept of an API key. The key itself is not. Times are ISO 8601, UTC. */
export interface ApiKeyRecord {
  /** Stable: it survives a rotation, and limits are counted for it. */
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  readonly name: string;
  /** Whom it belongs to, for people and for filters. */
  readonly owner?: string | undefined;
  readonly tier: string;
  readonly permissions: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
  /** Addresses and subnets that it may be used from; undefined for any. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Names of services that it may be used for; undefined for all. */
  readonly services?: readonly string[] | undefined;
  readonly createdAt: string;
  /** Not valid before. */
  readonly notBefore?: string | undefined;
  /** Undefined where it never expires. */
  readonly expiresAt?: string | undefined;
  /** Undefined where it is not revoked. */
  readonly revokedAt?: string | undefined;
  /** The key before a rotation, which works for a while. */
  readonly previous?: { readonly hash: string; readonly validUntil: string } | undefined;
}

/** What a record is found by: the SHA-256 of its key, and of the one before a rotation. */
export function hashesOf({ hash, previous }: ApiKeyRecord): string[] {
  return previous ? [hash, previous.hash] : [hash];
}

/** A page of records, the oldest first. */
export interface ApiKeyPage {
  readonly records: readonly ApiKeyRecord[];
  /** Where the next page begins; undefined at the end. */
  readonly cursor?: string | undefined;
}

/** Where API keys are kept. What is returned is never changed in place. */
export interface ApiKeyStore {
  /** The record with this SHA-256 (its own or that of its previous key), or with this id. */
  find(by: { readonly hash: string } | { readonly id: string }): MaybeLater<ApiKeyRecord | undefined>;
  /**
   * Adds a record, or replaces the one with its id; where `former` is given, only if that still is the one with its
   * id. Else it saves nothing and gives false.
   */
  save(record: ApiKeyRecord, former?: ApiKeyRecord): MaybeLater<boolean | undefined> | MaybeLater<void>;
  /** A page of at most `limit` records; undefined for a cursor that no page has given. */
  list(page: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): MaybeLater<ApiKeyPage | undefined>;
  /** Notes when keys were last used, by id: milliseconds since the epoch. */
  touch?(used: ReadonlyMap<string, number>): MaybeLater<void>;
  /** When keys were last used, by id. */
  lastUsed?(ids: readonly string[]): MaybeLater<ReadonlyMap<string, number>>;
  /** Calls back with the id of a key that somebody has changed, or undefined where any may have been. */
  watch?(onChange: (id: string | undefined) => void): void;
  close?(): MaybeLater<void>;
}

/** A value, or a promise of it. */
export type MaybeLater<Value> = Value | PromiseLike<Value>;
