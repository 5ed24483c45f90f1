import { describe, expect, test } from '@jest/globals';
import { mounts, send } from '../helpers.js';
import { adminKey, guarded, seenIn } from './support.js';

/** The two fields that may carry a credential. */
const fields = ['x-api-key', 'authorization'] as const;

const carrying = (field: (typeof fields)[number], key: string) => ({
  [field]: field === 'authorization' ? `Bearer ${key}` : key,
});

describe.each(mounts)('%s', (_name, mount) => {
  test.each(fields)('takes the accepted credential off the request: %s', async (field) => {
    const { url, apiKeys } = await guarded({ adminKey }, mount);
    const { key } = await apiKeys.create();
    for (const credential of [key, adminKey]) {
      const { headers } = seenIn(await send(url, '/', { headers: carrying(field, credential) }));
      expect(headers).not.toHaveProperty([field]);
      expect(JSON.stringify(headers)).not.toContain(credential);
    }
  });
});

test.each(fields)('leaves it there with forwardCredentials: %s', async (field) => {
  const { url, apiKeys } = await guarded({ forwardCredentials: true });
  const { key } = await apiKeys.create();
  const headers = carrying(field, key);
  expect(seenIn(await send(url, '/', { headers })).headers).toMatchObject(headers);
});

test('takes nothing else off', async () => {
  const { url, apiKeys } = await guarded();
  const { key } = await apiKeys.create();
  const others = { authorization: 'Basic YTpi', cookie: 'session=1', 'x-api-key-id': 'mine' };
  const { headers } = seenIn(await send(url, '/', { headers: { ...others, 'X-API-Key': key } }));
  expect(headers).toMatchObject(others);
  expect(headers).not.toHaveProperty('x-api-key');
});
