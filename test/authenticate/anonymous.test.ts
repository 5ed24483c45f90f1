import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { mounts, send, sendRaw } from '../helpers.js';
import { adminKey, guarded, invalidKey, keyRequired, seenIn } from './support.js';

const anonymous = { paths: ['/public', '/docs/'] };

describe.each(mounts)('%s', (_name, mount) => {
  test.each(['/public', '/public/', '/public/a/b?c=d', '/public?x', '/docs', '/docs/a'])(
    'lets anybody through to %s',
    async (path) => {
      const { url } = await guarded({ anonymous }, mount);
      expect(seenIn(await send(url, path)).identity).toEqual({
        id: 'anonymous',
        method: 'anonymous',
        tier: 'free',
        permissions: [],
        metadata: {},
      });
    },
  );

  test.each([
    ['another path', '/private'],
    ['a longer segment', '/publicity'],
    ['a longer segment behind a slash in the option', '/docsx'],
    ['an encoded slash for a separator', '/public%2Fx'],
    ['another case', '/PUBLIC'],
    ['an empty segment in front', '//public'],
    ['the path further down', '/v1/public'],
    ['dots that lead out', '/public/../private'],
    ['encoded dots that lead out', '/public/%2e%2e/private'],
    ['dots behind an encoded slash', '/public/x%2f..%2f..%2fprivate'],
    ['dots with a parameter', '/public/..;/private'],
    ['a back slash', '/public/..%5cprivate'],
    ['an encoded NUL', '/public/%00'],
    ['the query', '/private?/public'],
  ])('asks for a key for %s', async (_what, path) => {
    const { url } = await guarded({ anonymous }, mount);
    expect(await send(url, path)).toMatchObject(keyRequired);
  });
});

test.each(['http://a/private', '//public/..', '/public#/../private', '/public\\..\\private', '*'])(
  'asks for a key for the request target %s',
  async (target) => {
    const { port } = await guarded({ anonymous });
    const answer = await sendRaw(port, `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  },
);

test('takes the root for every path, but for an ambiguous one', async () => {
  const { url } = await guarded({ anonymous: { paths: ['/'] } });
  expect(seenIn(await send(url, '/any/thing')).identity?.id).toBe('anonymous');
  expect(await send(url, '/any/../thing')).toMatchObject(keyRequired);
});

test.each<[string, Record<string, string>]>([
  ['unknown', { 'X-API-Key': generateApiKey() }],
  ['malformed', { 'X-API-Key': 'gw_x' }],
  ['empty', { 'X-API-Key': '' }],
  ['malformed, as a bearer token', { Authorization: 'Bearer gw_x' }],
])('a key that is %s never falls through to anonymous', async (_what, headers) => {
  const { url } = await guarded({ anonymous, adminKey });
  expect(await send(url, '/public', { headers })).toMatchObject(invalidKey);
});

test('a good key names its owner on an anonymous path too', async () => {
  const { url, apiKeys } = await guarded({ anonymous });
  const { key, record } = await apiKeys.create();
  const { identity } = seenIn(await send(url, '/public', { headers: { 'X-API-Key': key } }));
  expect(identity?.id).toBe(record.id);
});

test.each([
  ['Basic', 'Basic YWxpY2U6c2VjcmV0'],
  ['a bearer token of another kind', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ['a bearer token of an LLM provider', 'Bearer sk-1234567890'],
  ['a scheme alone', 'Bearer'],
  ['something else', 'AWS4-HMAC-SHA256 Credential=a, Signature=b'],
])('leaves Authorization that is not ours to the upstream: %s', async (_what, authorization) => {
  const { url, apiKeys } = await guarded({ anonymous, adminKey });
  const { key } = await apiKeys.create();
  const foreign = { Authorization: authorization };
  const open = seenIn(await send(url, '/public', { headers: foreign }));
  expect(open).toMatchObject({ identity: { id: 'anonymous' }, headers: { authorization } });
  expect(await send(url, '/private', { headers: foreign })).toMatchObject(keyRequired);
  const both = seenIn(await send(url, '/private', { headers: { ...foreign, 'X-API-Key': key } }));
  expect(both.headers.authorization).toBe(authorization);
});
