import type { IncomingMessage } from 'node:http';
import { changed } from '../authenticate/api-key-changes.js';
import { apiKeyChangesBody, newApiKeyBody, rotateBody, snakeCased } from '../authenticate/api-key-options.js';
import type { ApiKeyChanges, ApiKeyInfo, ApiKeys, CreatedApiKey, NewApiKey } from '../authenticate/index.js';
import { ConfigError } from '../core/config-error.js';
import type { Identity } from '../core/context.js';
import { BadRequestError, GatewayError, NotFoundError, ServiceUnavailableError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { ANONYMOUS_TIER, type TierLimits } from '../core/tiers.js';
import type { Answers } from './endpoint.js';
import { readJson, sendJson } from './json.js';
import { KeyPowers, type Powers } from './key-powers.js';

const DAY_MS = 86_400_000;

/** Makes, lists, changes, rotates and revokes keys. Nobody can give a key more than they may themselves. */
export class ApiKeyEndpoints {
  readonly #keys: ApiKeys;
  readonly #tiers: ReadonlyMap<string, TierLimits>;
  readonly #powers: KeyPowers;

  constructor(keys: ApiKeys, tiers: ReadonlyMap<string, TierLimits>) {
    this.#keys = keys;
    this.#tiers = tiers;
    this.#powers = new KeyPowers(tiers);
  }

  /** By method, of the path itself. */
  readonly collection: Answers = {
    POST: async (req, res) => {
      const wanted = (await this.#body(req, newApiKeyBody)) as NewApiKey;
      this.#assertTier(wanted.tier);
      await this.#assertCovers(req, powersOf(wanted));
      sendJson(res, 201, created(await stored(this.#keys.create(wanted, actor(req)))));
    },
    GET: async (req, res) => {
      const query = new URLSearchParams((req.url ?? '').split('?')[1]);
      const limit = Number(query.get('limit') ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
        throw new BadRequestError('`limit` must be an integer from 1 to 1000.');
      }
      const page = await stored(this.#keys.list({ limit, cursor: query.get('cursor') ?? undefined }));
      sendJson(res, 200, { keys: page.keys.map(shown), next_cursor: page.cursor ?? null });
    },
  };

  /** By method, of a key's path. */
  one(id: string): Answers {
    return {
      GET: async (_req, res) => sendJson(res, 200, shown(found(await stored(this.#keys.get(id))))),
      PATCH: async (req, res) => {
        const changes = (await this.#body(req, apiKeyChangesBody)) as ApiKeyChanges;
        this.#assertTier(changes.tier);
        const former = found(await stored(this.#keys.get(id)));
        await this.#assertCovers(req, former, changed(former, changes));
        sendJson(res, 200, shown(found(await stored(this.#keys.update(id, changes, actor(req))))));
      },
      DELETE: async (req, res) => {
        await this.#assertCovers(req, found(await stored(this.#keys.get(id))));
        await stored(this.#keys.revoke(id, actor(req)));
        res.writeHead(204).end();
      },
    };
  }

  /** By method, of a key's `/rotate`. */
  rotation(id: string): Answers {
    return {
      POST: async (req, res) => {
        const { graceSeconds } = (await this.#body(req, rotateBody)) as { graceSeconds?: number | undefined };
        await this.#assertCovers(req, found(await stored(this.#keys.get(id))));
        sendJson(res, 201, created(found(await stored(this.#keys.rotate(id, { graceSeconds }, actor(req))))));
      },
    };
  }

  async #body(
    req: IncomingMessage,
    schema: typeof newApiKeyBody | typeof apiKeyChangesBody | typeof rotateBody,
  ) {
    return checkOptions('', schema, await readJson(req));
  }

  #assertTier(tier: string | undefined): void {
    if (tier !== undefined && !this.#tiers.has(tier)) {
      throw new BadRequestError(`\`tier\` must be one of ${[...this.#tiers.keys()].join(', ')}.`);
    }
  }

  /** 403 where a key may, or is to, do more than whoever asks. */
  async #assertCovers(req: IncomingMessage, ...keys: readonly Powers[]): Promise<void> {
    const own = await this.#powersOf(req);
    for (const key of keys) this.#powers.assertWithin(own, key);
  }

  /** Of an API key, all that its record says; of others, what their identity does. */
  async #powersOf(req: IncomingMessage): Promise<Powers> {
    const identity = req.gateway?.identity as Identity;
    const { keyId } = identity;
    return (keyId === undefined ? undefined : await stored(this.#keys.get(keyId))) ?? identity;
  }
}

/** What a key that is to be made will be able to do. */
function powersOf({ tier, permissions, limits, services, allowedIps, expiresInDays }: NewApiKey): Powers {
  const expiresAt =
    expiresInDays === undefined ? undefined : new Date(Date.now() + expiresInDays * DAY_MS).toISOString();
  return {
    tier: tier ?? ANONYMOUS_TIER,
    permissions: permissions ?? [],
    limits,
    services,
    allowedIps,
    expiresAt,
  };
}

function actor(req: IncomingMessage): string {
  return req.gateway?.subject ?? 'nobody';
}

/** 503 where the store can't be asked. */
async function stored<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof ConfigError || cause instanceof GatewayError) throw cause;
    throw new ServiceUnavailableError('authentication', 1, cause);
  }
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new NotFoundError();
  return value;
}

/** What is said of a new key: the only time that the key itself is shown. */
function created({ key, record }: CreatedApiKey): Record<string, unknown> {
  return {
    api_key: key,
    key_id: record.id,
    name: record.name,
    tier: record.tier,
    permissions: record.permissions,
    expires_at: record.expiresAt ?? null,
    created_at: record.createdAt,
  };
}

/** What is said of a key: everything but its hash. */
function shown(record: ApiKeyInfo): Record<string, unknown> {
  return {
    key_id: record.id,
    name: record.name,
    owner: record.owner ?? null,
    tier: record.tier,
    permissions: record.permissions,
    metadata: record.metadata,
    limits: record.limits ? snakeCased(record.limits) : null,
    allowed_ips: record.allowedIps ?? null,
    services: record.services ?? null,
    created_at: record.createdAt,
    not_before: record.notBefore ?? null,
    expires_at: record.expiresAt ?? null,
    revoked_at: record.revokedAt ?? null,
    previous_valid_until: record.previous?.validUntil ?? null,
    last_used_at: record.lastUsedAt ?? null,
  };
}
