import { stringify } from 'yaml';
import {
  type ApiKeyInfo,
  type ApiKeyRecord,
  type ApiKeys,
  authenticate,
  type NewApiKey,
} from '../authenticate/index.js';
import { CliError } from './cli-error.js';
import type { Surroundings } from './console.js';
import { defaultServices } from './default-services.js';
import { exitCode } from './exit-code.js';
import { type KeyPlace, placeOfKeys } from './key-place.js';
import { DEFAULT_FILE } from './load-config.js';
import { connectReadyRedis } from './redis-ready.js';

/** What every `gatewright keys` command takes. */
export interface KeyFlags {
  readonly configFile?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Who changes a key from a command line. */
const CLI = 'cli';

/** Makes a key: in Redis, or, where there is none, as lines for the configuration file. Shows it once. */
export async function createKey(wanted: NewApiKey, flags: KeyFlags, around: Surroundings): Promise<number> {
  const place = placeOfKeys(flags, around);
  if (place.redis === undefined) refuseWhatFilesCannotSay(wanted);
  return withKeys(place, async (keys) => {
    const { key, record } = await keys.create(wanted, CLI);
    const lines = place.redis === undefined ? configLines(record, place) : undefined;
    if (flags.json) print(around, { api_key: key, ...wire(record), ...(lines && { config: lines }) });
    else {
      say(around, `API key, shown this once: ${key}`, `Id: ${record.id}, tier: ${record.tier}`);
      if (lines)
        say(
          around,
          '',
          `There is no Redis to keep it in. Put these lines into ${place.hasFile ? 'the configuration file' : DEFAULT_FILE}:`,
          '',
          lines,
        );
    }
    return exitCode.fine;
  });
}

/** Lists keys, the oldest first: revoked ones, too. */
export function listKeys(flags: KeyFlags, around: Surroundings): Promise<number> {
  return withKeys(sharedPlace(flags, around), async (keys) => {
    const all: ApiKeyInfo[] = [];
    let cursor: string | undefined;
    do {
      const page = await keys.list({ limit: 1000, cursor });
      all.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    if (flags.json) print(around, { keys: all.map(wire) });
    else if (all.length === 0) say(around, 'There are no API keys. Make one by `gatewright keys create`.');
    else say(around, ...tableOf(all));
    return exitCode.fine;
  });
}

/** Revokes a key for good. */
export function revokeKey(id: string, flags: KeyFlags, around: Surroundings): Promise<number> {
  return withKeys(sharedPlace(flags, around), async (keys) => {
    if (!(await keys.revoke(id, CLI))) throw noSuchKey(id);
    if (flags.json) print(around, { key_id: id, revoked: true });
    else say(around, `The key ${id} is revoked.`);
    return exitCode.fine;
  });
}

/** Gives a key a new secret, and shows it once. */
export function rotateKey(
  id: string,
  { graceSeconds, ...flags }: KeyFlags & { readonly graceSeconds?: number | undefined },
  around: Surroundings,
): Promise<number> {
  return withKeys(sharedPlace(flags, around), async (keys) => {
    const rotated = await keys.rotate(id, { graceSeconds }, CLI);
    if (rotated === undefined) throw noSuchKey(id);
    const { key, record } = rotated;
    const until = record.previous?.validUntil;
    if (flags.json) print(around, { api_key: key, ...wire(record), previous_valid_until: until });
    else say(around, `New API key, shown this once: ${key}`, `The former one works until ${until}.`);
    return exitCode.fine;
  });
}

/** Keys of a file are changed in the file. */
function sharedPlace(flags: KeyFlags, around: Surroundings): KeyPlace {
  const place = placeOfKeys(flags, around);
  if (place.redis !== undefined) return place;
  throw new CliError(
    'There is no Redis that keys are kept in: give --redis-url or REDIS_URL. Keys in a configuration file are changed there.',
    exitCode.wrongConfiguration,
  );
}

async function withKeys(place: KeyPlace, use: (keys: ApiKeys) => Promise<number>): Promise<number> {
  const client = place.redis === undefined ? undefined : await connectReadyRedis(place.redis);
  const { keyPrefix } = place;
  const guard = authenticate({ apiKeys: client ? { redis: client, keyPrefix } : {} });
  try {
    return await use(guard.apiKeys);
  } finally {
    await guard.close();
    client?.disconnect();
  }
}

function refuseWhatFilesCannotSay({ expiresInDays, owner }: NewApiKey): void {
  const flag =
    expiresInDays !== undefined ? '--expires-in-days' : owner !== undefined ? '--owner' : undefined;
  if (flag === undefined) return;
  throw new CliError(
    `${flag} is for keys in Redis: a key in a configuration file does not have it. Give --redis-url or REDIS_URL, or leave it out.`,
    exitCode.wrongConfiguration,
  );
}

function noSuchKey(id: string): CliError {
  return new CliError(
    `There is no API key with the id ${JSON.stringify(id)}. \`gatewright keys list\` shows them.`,
    exitCode.noSuchKey,
  );
}

/** Where there is no file yet, they make a whole one. */
function configLines({ id, hash, name, tier, permissions }: ApiKeyRecord, { hasFile }: KeyPlace): string {
  const key = { id, hash, ...(name && { name }), tier, ...(permissions.length > 0 && { permissions }) };
  const services = hasFile ? {} : { services: defaultServices };
  return stringify({ authenticate: { apiKeys: { keys: [key] } }, ...services }).trimEnd();
}

/** As the endpoints write it. */
function wire(record: ApiKeyInfo) {
  return {
    key_id: record.id,
    name: record.name,
    owner: record.owner ?? null,
    tier: record.tier,
    permissions: record.permissions,
    created_at: record.createdAt,
    expires_at: record.expiresAt ?? null,
    revoked_at: record.revokedAt ?? null,
    last_used_at: record.lastUsedAt ?? null,
  };
}

function tableOf(keys: readonly ApiKeyInfo[]): string[] {
  const rows = [['ID', 'NAME', 'TIER', 'STATE', 'CREATED', 'LAST USED'], ...keys.map(rowOf)];
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function rowOf({ id, name, tier, revokedAt, expiresAt, createdAt, lastUsedAt }: ApiKeyInfo): string[] {
  const isExpired = expiresAt !== undefined && Date.parse(expiresAt) < Date.now();
  const state = revokedAt ? 'revoked' : isExpired ? 'expired' : 'valid';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: whoever names a key must not write to a terminal
  const plainName = name.replace(/[\0-\x1f\x7f-\x9f]/g, '?');
  return [id, plainName, tier, state, createdAt.slice(0, 10), lastUsedAt?.slice(0, 10) ?? 'never'];
}

function print({ stdout }: Surroundings, value: object): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}

function say({ stdout }: Surroundings, ...lines: string[]): void {
  stdout.write(`${lines.join('\n')}\n`);
}
