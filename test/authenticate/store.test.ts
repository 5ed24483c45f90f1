import { describe, expect, jest, test } from '@jest/globals';
import type { ApiKeyRecord, ApiKeyStore } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { mounts, send } from '../helpers.js';
import { guarded, invalidKey, recordOf, seenIn } from './support.js';

const key = generateApiKey();
const record = recordOf(key);
const headers = { 'X-API-Key': key };

/** A store of the user's that has one way of finding. */
function storeThat(find: (hash: string) => unknown): ApiKeyStore {
  const byHash = (by: { hash?: string }) => find(by.hash ?? '');
  return { find: byHash as ApiKeyStore['find'], save: () => undefined, list: () => ({ records: [] }) };
}

const unavailable = {
  status: 503,
  body: '{"error":"Service temporarily unavailable","service":"authentication"}',
};

describe.each(mounts)('%s', (_name, mount) => {
  test('takes a store that gives promises', async () => {
    const store = storeThat(async (hash) => (hash === record.hash ? record : undefined));
    const { url } = await guarded({ apiKeys: { store } }, mount);
    expect(seenIn(await send(url, '/', { headers })).identity?.id).toBe('alice');
    expect(await send(url, '/', { headers: { 'X-API-Key': generateApiKey() } })).toMatchObject(invalidKey);
  });

  test.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:5432'))],
    [
      'throws',
      () => {
        throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
      },
    ],
  ])('answers 503 without detail for a store that %s', async (_what, find) => {
    const { url } = await guarded({ apiKeys: { store: storeThat(find) } }, mount);
    expect(await send(url, '/', { headers })).toMatchObject(unavailable);
  });
});

test('hands the cause of a failure to onError', async () => {
  const cause = new Error('down');
  const onError = jest.fn((_error: Error, _req: unknown, res: { end(): void }) => res.end());
  const { url } = await guarded({ onError, apiKeys: { store: storeThat(() => Promise.reject(cause)) } });
  await send(url, '/', { headers });
  expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'ERR_GATEWAY_SERVICE_UNAVAILABLE', cause });
});

/** A promise of a library's own, as some query builders and clients have. */
const thenable = (value: ApiKeyRecord | undefined) => ({
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  then: (done: (value: ApiKeyRecord | undefined) => void) => setImmediate(done, value),
});

test('waits for promises that are not the language’s own', async () => {
  const { url } = await guarded({
    apiKeys: { store: storeThat((hash) => thenable(hash === record.hash ? record : undefined)) },
  });
  expect(seenIn(await send(url, '/', { headers })).identity?.id).toBe('alice');
  expect(await send(url, '/', { headers: { 'X-API-Key': generateApiKey() } })).toMatchObject(invalidKey);
});

test.each<[string, () => unknown]>([
  ['null', () => null],
  ['a promise of null', async () => null],
])('takes %s for not found', async (_what, find) => {
  const { url } = await guarded({ apiKeys: { store: storeThat(find) } });
  expect(await send(url, '/', { headers })).toMatchObject(invalidKey);
});

test('asks the store for well-formed keys only, and never shows it a key', async () => {
  const find = jest.fn(() => undefined);
  const { url } = await guarded({ apiKeys: { store: storeThat(find) } });
  await send(url, '/', { headers: { 'X-API-Key': 'gw_mistyped' } });
  expect(find).not.toHaveBeenCalled();
  await send(url, '/', { headers });
  expect(find.mock.calls).toEqual([[record.hash]]);
});
