import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeys, CreatedApiKey, NewApiKey } from '../authenticate/index.js';
import { newApiKeySchema } from '../authenticate/options.js';
import { isPermitted } from '../authenticate/permissions.js';
import { ConfigError } from '../core/config-error.js';
import type { Identity } from '../core/context.js';
import { BadRequestError, PermissionError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { SYSTEM_TIER } from '../core/tiers.js';
import { readJson, sendJson } from './json.js';

/**
 * `POST /api/auth/api-key`: makes a key and shows it once. Nobody can make a key that may do more than they may.
 */
export function createApiKeyEndpoint(apiKeys: ApiKeys, tiers: ReadonlySet<string>) {
  return async function createApiKey(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const wanted = parse(await readJson(req), tiers);
    assertMayGrant(req.gateway?.identity, wanted);
    sendJson(res, 201, answer(await apiKeys.create(wanted)));
  };
}

function parse(body: unknown, tiers: ReadonlySet<string>): NewApiKey {
  const wanted = check(body);
  if (wanted.tier === undefined || tiers.has(wanted.tier)) return wanted;
  throw new BadRequestError(`\`tier\` must be one of ${[...tiers].join(', ')}.`);
}

function check(body: unknown): NewApiKey {
  try {
    return checkOptions('', newApiKeySchema, body);
  } catch (error) {
    throw error instanceof ConfigError ? new BadRequestError(error.problems.join(' ')) : error;
  }
}

function assertMayGrant(creator: Identity | undefined, wanted: NewApiKey): void {
  const own = creator?.permissions ?? [];
  const beyond = (wanted.permissions ?? []).filter((permission) => !isPermitted(own, permission));
  if (wanted.tier === SYSTEM_TIER && !isPermitted(own, '*')) beyond.push('*');
  if (beyond.length > 0) throw new PermissionError('A key cannot be given more than its creator has', beyond);
}

function answer({ key, record }: CreatedApiKey): Record<string, unknown> {
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
