import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { type ApiKeyStore, authenticate, MemoryApiKeyStore } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { mounts, send, sendRaw } from '../helpers.js';
import { adminKey, guarded, invalidKey, keyRequired, recordOf, seenIn } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  test.each([
    ['X-API-Key', (key: string) => ({ 'X-API-Key': key })],
    ['Authorization: Bearer', (key: string) => ({ Authorization: `Bearer ${key}` })],
    ['a scheme in another case', (key: string) => ({ authorization: `bEARER  ${key} ` })],
  ])('accepts a key by %s', async (_way, headers) => {
    const { url, apiKeys } = await guarded({}, mount);
    const { key, record } = await apiKeys.create({
      tier: 'premium',
      permissions: ['kgot:query'],
      metadata: { team: 'search' },
      limits: { requestsPerMinute: 7 },
    });
    const { identity } = seenIn(await send(url, '/', { headers: headers(key) }));
    expect(identity).toEqual({
      id: record.id,
      method: 'api-key',
      tier: 'premium',
      permissions: ['kgot:query'],
      metadata: { team: 'search' },
      keyId: record.id,
      limits: { requestsPerMinute: 7 },
    });
  });

  test('asks for a key where there is none', async () => {
    const { url } = await guarded({}, mount);
    const answer = await send(url, '/');
    expect(answer).toMatchObject(keyRequired);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gateway"');
  });

  test('refuses a key that is unknown', async () => {
    const { url } = await guarded({}, mount);
    const answer = await send(url, '/', { headers: { 'X-API-Key': generateApiKey() } });
    expect(answer).toMatchObject(invalidKey);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gateway", error="invalid_token"');
  });

  test.each<[string, Record<string, string>]>([
    ['X-API-Key', { 'X-API-Key': adminKey }],
    ['Authorization: Bearer', { Authorization: `Bearer ${adminKey}` }],
  ])('accepts the administrator’s key by %s', async (_way, headers) => {
    const { url } = await guarded({ adminKey }, mount);
    expect(seenIn(await send(url, '/', { headers })).identity).toEqual({
      id: 'admin',
      method: 'admin',
      tier: 'system',
      permissions: ['*'],
      metadata: {},
    });
  });
});

test.each<[string, (key: string) => string | string[]]>([
  ['that is empty', () => ''],
  ['that is mistyped', (key) => `${key.slice(0, 10)}${key[10] === 'x' ? 'y' : 'x'}${key.slice(11)}`],
  ['of another form', () => 'sk-1234'],
  ['of 8 KiB', () => 'gw_'.padEnd(8192, 'x')],
  ['beyond ASCII', () => 'gw_sch\xfcssel'],
  ['with a tab in it', (key) => `${key}\tx`],
  ['given twice', (key) => [key, key]],
  ['with a scheme where none belongs', (key) => `Bearer ${key}`],
])('refuses a key %s', async (_what, value) => {
  const { url, apiKeys } = await guarded({ adminKey });
  const { key } = await apiKeys.create();
  expect(await send(url, '/', { headers: { 'X-API-Key': value(key) } })).toMatchObject(invalidKey);
});

test('never lets a control character reach the handler', async () => {
  const { port } = await guarded();
  const answer = await sendRaw(
    port,
    'GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: gw_\x01\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 40[01] /);
});

test('refuses what is not quite the administrator’s key', async () => {
  const { url } = await guarded({ adminKey });
  for (const wrong of [adminKey.slice(0, -1), `${adminKey}x`, adminKey.toUpperCase()]) {
    expect(await send(url, '/', { headers: { 'X-API-Key': wrong } })).toMatchObject(invalidKey);
  }
});

test('judges the key header alone, whatever Authorization says', async () => {
  const { url, apiKeys } = await guarded();
  const { key } = await apiKeys.create();
  const headers = { 'X-API-Key': generateApiKey(), Authorization: `Bearer ${key}` };
  expect(await send(url, '/', { headers })).toMatchObject(invalidKey);
});

test('reads the key from the header field that is configured, and from no other', async () => {
  const { url, apiKeys } = await guarded({ apiKeys: { header: 'X-Gateway-Key' } });
  const { key } = await apiKeys.create();
  expect(seenIn(await send(url, '/', { headers: { 'x-gateway-key': key } })).identity?.tier).toBe('free');
  expect(await send(url, '/', { headers: { 'X-API-Key': key } })).toMatchObject(keyRequired);
});

test.each([
  ['past', '2020-01-01T00:00:00.000Z', 401],
  ['future', new Date(Date.now() + 3_600_000).toISOString(), 200],
  ['unreadable', 'next week', 401],
])('looks at a key’s expiry: %s', async (_when, expiresAt, status) => {
  const key = generateApiKey();
  const store = new MemoryApiKeyStore([recordOf(key, { expiresAt })]);
  const { url } = await guarded({ apiKeys: { store } });
  const answer = await send(url, '/', { headers: { 'X-API-Key': key } });
  expect(answer.status).toBe(status);
  if (status === 401) expect(JSON.parse(answer.body).message).toBe('API key expired');
});

test('accepts keys whose hashes stand in the configuration', async () => {
  const key = generateApiKey();
  const { id, hash } = recordOf(key);
  const { url } = await guarded({ apiKeys: { keys: [{ id, hash, tier: 'basic', permissions: ['a:b'] }] } });
  const { identity } = seenIn(await send(url, '/', { headers: { 'X-API-Key': key } }));
  expect(identity).toMatchObject({ id: 'alice', tier: 'basic', permissions: ['a:b'], keyId: 'alice' });
});

test('keeps of a key its hash alone', async () => {
  const saved: unknown[] = [];
  const store: ApiKeyStore = {
    find: () => undefined,
    save: (record) => void saved.push(record),
    list: () => ({ records: [] }),
  };
  const { key, record } = await authenticate({ apiKeys: { store } }).apiKeys.create({
    name: 'ci',
    expiresInDays: 30,
  });
  expect(saved).toEqual([record]);
  expect(JSON.stringify(record)).not.toContain(key.slice(3));
  expect(record.hash).toBe(recordOf(key).hash);
  expect(Date.parse(record.expiresAt as string) - Date.parse(record.createdAt)).toBe(30 * 86_400_000);
});

test('forgets the former key of a record that is saved anew', () => {
  const [former, latter] = [recordOf('former'), recordOf('latter')];
  const store = new MemoryApiKeyStore([former]);
  store.save(latter);
  expect(store.find({ hash: former.hash })).toBeUndefined();
  expect(store.find({ hash: latter.hash })).toBe(latter);
});

test.each<[string, Parameters<typeof authenticate>[0], string]>([
  ['a short administrator’s key', { adminKey: 'x'.repeat(31) }, 'authenticate.adminKey'],
  ['a header field name that is none', { apiKeys: { header: 'X API Key' } }, 'authenticate.apiKeys.header'],
  [
    'a hash that is none',
    { apiKeys: { keys: [{ id: 'a', hash: 'x' }] } },
    'authenticate.apiKeys.keys[0].hash',
  ],
  [
    'a store and keys',
    { apiKeys: { store: new MemoryApiKeyStore(), keys: [] } },
    'one of `store`, `keys` and `redis`',
  ],
  ['a path without a slash', { anonymous: { paths: ['public'] } }, 'authenticate.anonymous.paths[0]'],
  ['no path', { anonymous: { paths: [] } }, 'authenticate.anonymous.paths'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => authenticate(options)).toThrow(ConfigError);
  expect(() => authenticate(options)).toThrow(message);
});
