import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import {
  type ApiKeyRecord,
  type ApiKeyStore,
  type ApiKeys,
  authenticate,
  type NewApiKey,
} from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { stores } from './keys-in-stores.js';
import { everythingIn } from './keys-support.js';
import { recordOf } from './support.js';

const full = {
  name: 'ci',
  owner: 'search',
  tier: 'premium',
  permissions: ['kgot:query', 'mcp:*'],
  expiresInDays: 30,
  notBefore: '2020-01-01T00:00:00+02:00',
  metadata: { team: { name: 'search', size: 3 }, tags: ['a', null] },
  limits: { requestsPerMinute: 7, costLimitPerHour: 0.5 },
  allowedIps: ['10.0.0.0/8', '2001:db8::1'],
  services: ['kgot'],
} satisfies NewApiKey;

/** Deep enough to exhaust a stack. */
const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);

describe.each(stores)('keys in %s', (_name, open) => {
  test('have defaults', async () => {
    const { keys } = await open();
    const { key, record } = await keys.create();
    expect(record).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      hash: recordOf(key).hash,
      name: '',
      tier: 'free',
      permissions: [],
      metadata: {},
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(await keys.get(record.id)).toEqual(record);
  });

  test('keep all that they are given', async () => {
    const { keys } = await open();
    const { record } = await keys.create(full);
    const { expiresInDays, ...kept } = full;
    expect(record).toMatchObject(kept);
    expect(Date.parse(record.expiresAt as string) - Date.parse(record.createdAt)).toBe(
      expiresInDays * 86_400_000,
    );
    expect(await keys.get(record.id)).toEqual(record);
    expect((await keys.list()).keys).toEqual([record]);
  });

  test('are frozen to their depths, and what they were made from is not', async () => {
    const { keys } = await open();
    const wanted: NewApiKey = structuredClone(full);
    const { record } = await keys.create(wanted);
    const stored = (await keys.get(record.id)) as ApiKeyRecord;
    for (const each of [record, stored]) {
      const inner = [each.permissions, each.metadata, each.metadata['team'], each.limits, each.allowedIps];
      expect([each, ...inner].every(Object.isFrozen)).toBe(true);
    }
    expect(Object.isFrozen(wanted.metadata?.['team']) || Object.isFrozen(wanted.permissions)).toBe(false);
  });

  test('are changed in what is given alone', async () => {
    const { keys } = await open();
    const { record } = await keys.create(full);
    const changed = await keys.update(record.id, { name: 'cd', limits: undefined, tier: 'basic' });
    expect(changed).toEqual({ ...record, name: 'cd', tier: 'basic' });
    expect(await keys.get(record.id)).toEqual(changed);
    expect(await keys.update(record.id, {})).toEqual(changed);
  });

  test('lose with null what they need not have', async () => {
    const { keys } = await open();
    const { record } = await keys.create(full);
    const nothing = { owner: null, expiresAt: null, notBefore: null, limits: null };
    await keys.update(record.id, { ...nothing, allowedIps: null, services: null });
    const { id, hash, name, tier, permissions, metadata, createdAt } = record;
    expect(await keys.get(id)).toEqual({ id, hash, name, tier, permissions, metadata, createdAt });
  });

  test.each<[string, (keys: ApiKeys, id: string) => Promise<unknown>, string]>([
    ['a name that is none', (keys) => keys.create({ name: 7 as never }), '`name` must be'],
    ['an unknown option', (keys) => keys.create({ tiers: 'free' } as never), 'Did you mean `tier`'],
    ['an empty permission', (keys) => keys.create({ permissions: [''] }), '`permissions[0]`'],
    ['an expiry in the past', (keys) => keys.create({ expiresInDays: -1 }), '`expiresInDays`'],
    ['a time without a zone', (keys) => keys.create({ notBefore: '2030-01-01' }), '`notBefore`'],
    ['no limit at all', (keys) => keys.create({ limits: { requestsPerDay: 0 } }), '`limits.requestsPerDay`'],
    ['a subnet that is none', (keys) => keys.create({ allowedIps: ['10.0.0.0/33'] }), '`allowedIps[0]`'],
    ['a host name', (keys) => keys.create({ allowedIps: ['localhost'] }), '`allowedIps[0]`'],
    ['no service at all', (keys) => keys.create({ services: [] }), '`services`'],
    ['more than 16 KiB', (keys) => keys.create({ metadata: { x: 'x'.repeat(17_000) } }), '`metadata`'],
    ['what is not JSON', (keys) => keys.create({ metadata: { x: () => 1 } as never }), '`metadata.x`'],
    ['what is too deep', (keys) => keys.create({ metadata: { x: deep } }), '`metadata` must be at most 32'],
    ['a name taken away', (keys, id) => keys.update(id, { name: null as never }), '`name`'],
    ['a hash', (keys, id) => keys.update(id, { hash: 'x' } as never), '`hash`'],
    ['a revocation undone', (keys, id) => keys.update(id, { revokedAt: null } as never), '`revokedAt`'],
    ['an unreadable expiry', (keys, id) => keys.update(id, { expiresAt: 'soon' }), '`expiresAt`'],
    ['a grace that is none', (keys, id) => keys.rotate(id, { graceSeconds: Number.NaN }), '`graceSeconds`'],
    ['a grace before now', (keys, id) => keys.rotate(id, { graceSeconds: -1 }), '`graceSeconds`'],
  ])('refuse %s', async (_what, act, message) => {
    const { keys } = await open();
    const { record } = await keys.create();
    await expect(act(keys, record.id)).rejects.toThrow(ConfigError);
    await expect(act(keys, record.id)).rejects.toThrow(message);
    expect((await keys.list()).keys).toEqual([record]);
  });

  test('that nobody has made are not found', async () => {
    const { keys } = await open();
    for (const id of ['nobody', '', '__proto__', 'x'.repeat(500)]) {
      expect(await keys.get(id)).toBeUndefined();
      expect(await keys.update(id, { name: 'x' })).toBeUndefined();
      expect(await keys.revoke(id)).toBe(false);
      expect(await keys.rotate(id)).toBeUndefined();
    }
    expect(await keys.list()).toEqual({ keys: [] });
  });
});

test('no key is in Redis, whole or in part, whatever is done to it', async () => {
  const { keys, client } = await stores[1][1]();
  const made = await keys.create(full);
  const rotated = await keys.rotate(made.record.id);
  const { key, record } = await keys.create();
  await keys.revoke(record.id);
  const all = await everythingIn(client);
  expect(all).toContain(record.hash);
  for (const secret of [made.key, rotated?.key ?? '', key]) expect(all).not.toContain(secret.slice(3, 20));
});

test('keys that are switched off can’t be made', async () => {
  const { apiKeys } = authenticate({ apiKeys: false });
  await expect(apiKeys.create()).rejects.toThrow('`authenticate.apiKeys` is switched off');
  await expect(apiKeys.list()).rejects.toThrow(ConfigError);
});

test('a store of one’s own needs to find, save and list alone', async () => {
  const saved = new Map<string, ApiKeyRecord>();
  const store: ApiKeyStore = {
    find: (by) =>
      [...saved.values()].find((each) => ('id' in by ? each.id === by.id : each.hash === by.hash)),
    save: (record) => void saved.set(record.id, record),
    list: () => ({ records: [...saved.values()] }),
  };
  const { apiKeys } = authenticate({ apiKeys: { store } });
  const { record } = await apiKeys.create({ name: generateApiKey().slice(0, 5) });
  await apiKeys.update(record.id, { tier: 'basic' });
  expect(await apiKeys.revoke(record.id)).toBe(true);
  expect((await apiKeys.list()).keys[0]).toMatchObject({ tier: 'basic', revokedAt: expect.any(String) });
});
