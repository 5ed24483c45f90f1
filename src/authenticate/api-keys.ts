import { randomUUID } from 'node:crypto';
import { ConfigError } from '../core/config-error.js';
import type { ApiKeyEvent, GatewayEvents } from '../core/events.js';
import { checkOptions } from '../core/options.js';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import { generateApiKey, hashApiKey } from './api-key.js';
import { changed } from './api-key-changes.js';
import {
  type ApiKeyChanges,
  apiKeyChangesSchema,
  type NewApiKey,
  newApiKeySchema,
  rotationSchema,
} from './api-key-options.js';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
import { frozen } from './frozen.js';
import type { KnownKeys } from './known-keys.js';

const DAY_MS = 86_400_000;

/** Who changes a key where nobody else is named: the program itself. */
const CODE = 'code';

/** A key that was just made. */
export interface CreatedApiKey {
  /** The secret. It is shown here once and can't be had again. */
  readonly key: string;
  readonly record: ApiKeyRecord;
}

/** A record with when it was last used: ISO 8601, UTC; up to a few seconds late. */
export type ApiKeyInfo = ApiKeyRecord & { readonly lastUsedAt?: string | undefined };

/** A page of keys, the oldest first. */
export interface ApiKeyInfoPage {
  readonly keys: readonly ApiKeyInfo[];
  /** What to pass for the next page; undefined at the end. */
  readonly cursor?: string | undefined;
}

/**
 * The programmatic face of an {@link ApiKeyStore}. What it changes takes effect at once here, and on other replicas as
 * soon as their store hears of it.
 */
export class ApiKeys {
  readonly #store: ApiKeyStore;
  readonly #known: KnownKeys;
  readonly #events: GatewayEvents | undefined;

  constructor(store: ApiKeyStore, known: KnownKeys, events?: GatewayEvents) {
    this.#store = store;
    this.#known = known;
    this.#events = events;
  }

  /**
   * Makes and stores a key.
   *
   * @throws ConfigError for wrong values
   */
  async create(wanted: NewApiKey = {}, by = CODE): Promise<CreatedApiKey> {
    const { expiresInDays, ...given } = checkOptions('', newApiKeySchema, wanted);
    const key = generateApiKey();
    const now = Date.now();
    const { name = '', tier = ANONYMOUS_TIER, permissions = [], metadata = {}, ...rest } = given;
    const record = asStored({
      ...rest,
      name,
      tier,
      permissions,
      metadata,
      id: randomUUID(),
      hash: hashApiKey(key),
      createdAt: timeOf(now),
      ...(expiresInDays !== undefined && { expiresAt: timeOf(now + expiresInDays * DAY_MS) }),
    });
    await this.#store.save(record);
    this.#changed(record, 'created', by);
    return { key, record };
  }

  /** The key with this id, revoked ones too. */
  async get(id: string): Promise<ApiKeyInfo | undefined> {
    const record = await this.#store.find({ id });
    return record && (await this.#withUse([record]))[0];
  }

  /**
   * A page of keys, revoked ones too. `limit` is at most 1000, by default 100.
   *
   * @throws ConfigError for a cursor that no page has given
   */
  async list({
    limit = 100,
    cursor,
  }: {
    limit?: number;
    cursor?: string | undefined;
  } = {}): Promise<ApiKeyInfoPage> {
    const page = await this.#store.list({ limit: Math.max(1, Math.min(1000, limit)), cursor });
    if (page === undefined)
      throw new ConfigError([`\`cursor\` must be one that a page has given, got ${JSON.stringify(cursor)}.`]);
    return { keys: await this.#withUse(page.records), cursor: page.cursor };
  }

  /**
   * Changes what is given, and with `null` takes an optional value away. Gives undefined where there is no such key.
   *
   * @throws ConfigError for wrong values, or a revoked key
   */
  async update(id: string, changes: ApiKeyChanges, by = CODE): Promise<ApiKeyRecord | undefined> {
    const given = checkOptions('', apiKeyChangesSchema, changes);
    return this.#change(id, 'updated', by, (record) => {
      assertNotRevoked(record, 'changed');
      return changed(record, given);
    });
  }

  /** Revokes a key for good, everywhere. Revoking it again changes nothing. Gives false where there is none. */
  async revoke(id: string, by = CODE): Promise<boolean> {
    const revoked = await this.#change(id, 'revoked', by, (record) => {
      if (record.revokedAt !== undefined) return record;
      const { previous: _none, ...rest } = record;
      return { ...rest, revokedAt: timeOf(Date.now()) };
    });
    return revoked !== undefined;
  }

  /**
   * Gives a key a new secret. Its id, and so its limits and usage, stay. The old secret works for `graceSeconds` more,
   * by default a day. Gives undefined where there is no such key.
   *
   * @throws ConfigError for a wrong value, or a revoked key
   */
  async rotate(
    id: string,
    options: { graceSeconds?: number | undefined } = {},
    by = CODE,
  ): Promise<CreatedApiKey | undefined> {
    const { graceSeconds = 86_400 } = checkOptions('', rotationSchema, options);
    const key = generateApiKey();
    const record = await this.#change(id, 'rotated', by, (former) => {
      assertNotRevoked(former, 'rotated');
      const validUntil = timeOf(Date.now() + graceSeconds * 1000);
      return { ...former, hash: hashApiKey(key), previous: { hash: former.hash, validUntil } };
    });
    return record && { key, record };
  }

  /**
   * Makes a key's record from the one there is; anew where somebody else has changed it meanwhile, so that neither
   * change undoes the other. Gives undefined where there is no such key.
   */
  async #change(
    id: string,
    action: ApiKeyEvent['action'],
    by: string,
    change: (former: ApiKeyRecord) => ApiKeyRecord,
  ): Promise<ApiKeyRecord | undefined> {
    for (;;) {
      const former = await this.#store.find({ id });
      if (!former) return undefined;
      const wanted = change(former);
      if (wanted === former) return former;
      const record = asStored(wanted);
      if ((await this.#store.save(record, former)) === false) continue;
      this.#changed(record, action, by);
      return record;
    }
  }

  #changed({ id }: ApiKeyRecord, action: ApiKeyEvent['action'], by: string): void {
    this.#known.forget(id);
    this.#events?.publish('apiKey', { action, keyId: id, by });
  }

  async #withUse(records: readonly ApiKeyRecord[]): Promise<ApiKeyInfo[]> {
    const used = await this.#store.lastUsed?.(records.map(({ id }) => id));
    return records.map((record) => {
      const at = used?.get(record.id);
      return at === undefined ? record : Object.freeze({ ...record, lastUsedAt: timeOf(at) });
    });
  }
}

function assertNotRevoked({ revokedAt }: ApiKeyRecord, what: string): void {
  if (revokedAt !== undefined) throw new ConfigError([`The key is revoked and cannot be ${what}.`]);
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** As a store gives it back: what is undefined is left out, or it would take a limit of the tier away. */
function asStored(record: ApiKeyRecord): ApiKeyRecord {
  return frozen(JSON.parse(JSON.stringify(record)) as ApiKeyRecord);
}
