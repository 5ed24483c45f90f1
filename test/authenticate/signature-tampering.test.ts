import { describe, expect, test } from '@jest/globals';
import { send, sendRaw } from '../helpers.js';
import { deliver, edited, guarded, refusalOf, type Signed, secret, signed } from './signature-support.js';

const invalid = [401, 'Invalid signature'];
const body = '{"amount":10}';
const headers = { 'Content-Type': 'application/json', 'X-Note': 'one' };
const components = ['content-type', 'x-note'];

const ways: Record<string, [(sent: Signed) => Signed, (number | string)[]]> = {
  'another method': [(sent) => ({ ...sent, method: 'PUT' }), invalid],
  'another path': [(sent) => ({ ...sent, path: '/pay/bob?n=1' }), invalid],
  'a path that means the same': [(sent) => ({ ...sent, path: '/%70ay/alice?n=1' }), invalid],
  'another query': [(sent) => ({ ...sent, path: '/pay/alice?n=2' }), invalid],
  'no query': [(sent) => ({ ...sent, path: '/pay/alice' }), invalid],
  'more of a query': [(sent) => ({ ...sent, path: '/pay/alice?n=1&n=2' }), invalid],
  'another host': [(sent) => ({ ...sent, headers: { ...sent.headers, Host: 'elsewhere.example' } }), invalid],
  'another covered field': [(sent) => edited(sent, 'X-Note', () => 'two'), invalid],
  'a covered field in another case': [(sent) => edited(sent, 'X-Note', () => 'One'), invalid],
  'another line of a covered field': [
    (sent) => ({ ...sent, headers: { ...sent.headers, 'x-note': ['one', 'two'] as unknown as string } }),
    invalid,
  ],
  'a covered field less': [
    ({ headers: { 'X-Note': _gone, ...rest }, ...sent }) => ({ ...sent, headers: rest }),
    [401, 'Signature covers what the request does not have'],
  ],
  'another body': [
    (sent) => ({ ...sent, body: '{"amount":99}' }),
    [401, 'Body does not match Content-Digest'],
  ],
  'a longer body': [(sent) => ({ ...sent, body: `${body} ` }), [401, 'Body does not match Content-Digest']],
  'no body': [({ body: _gone, ...sent }) => sent, [401, 'Body does not match Content-Digest']],
  'another body with its digest': [
    (sent) => ({
      ...edited(
        sent,
        'Content-Digest',
        () => signed('http://a', '/', { body: 'x' }).headers['Content-Digest'] ?? '',
      ),
      body: 'x',
    }),
    invalid,
  ],
  'another digest besides': [
    (sent) => edited(sent, 'Content-Digest', (value) => `${value}, md5=:AAAA:`),
    invalid,
  ],
  'a later creation': [
    (sent) =>
      edited(sent, 'Signature-Input', (value) =>
        value.replace(/created=(\d+)/, (_all, at) => `created=${Number(at) + 1}`),
      ),
    invalid,
  ],
  'another nonce': [
    (sent) => edited(sent, 'Signature-Input', (value) => value.replace(/nonce="./, 'nonce="!')),
    invalid,
  ],
  'another key': [
    (sent) => edited(sent, 'Signature-Input', (value) => value.replace('"alice"', '"bob"')),
    invalid,
  ],
  'no algorithm': [
    (sent) => edited(sent, 'Signature-Input', (value) => value.replace(';alg="hmac-sha256"', '')),
    invalid,
  ],
  'another order': [
    (sent) =>
      edited(sent, 'Signature-Input', (value) =>
        value.replace('"@method" "@authority"', '"@authority" "@method"'),
      ),
    invalid,
  ],
  'a component less': [
    (sent) => edited(sent, 'Signature-Input', (value) => value.replace(' "content-type"', '')),
    invalid,
  ],
  'a flipped bit': [
    (sent) =>
      edited(sent, 'Signature', (value) =>
        value.replace(/:(.)/, (_all, first) => (first === 'A' ? ':B' : ':A')),
      ),
    invalid,
  ],
  'half a signature': [(sent) => edited(sent, 'Signature', (value) => value.replace(/:.{20}/, ':')), invalid],
  'an empty signature': [
    (sent) => edited(sent, 'Signature', (value) => value.replace(/:.*:/, '::')),
    invalid,
  ],
};

test.each(Object.entries(ways))('%s: refused', async (_name, [change, refusal]) => {
  const { url } = await guarded();
  const sent = signed(url, '/pay/alice?n=1', { body, headers, components });
  expect(refusalOf(await deliver(url, change(sent)))).toEqual(refusal);
  // It was the change, and it has used nothing up.
  if (refusal === invalid) expect(await deliver(url, sent)).toMatchObject({ status: 200 });
});

test('a field that is not covered may be changed, and one that Node gives once is all there', async () => {
  const { url } = await guarded();
  const sent = signed(url, '/', { headers });
  expect(
    await deliver(
      url,
      edited(sent, 'X-Note', () => 'two'),
    ),
  ).toMatchObject({ status: 200 });
  const typed = signed(url, '/', { headers, components });
  const twice = { ...typed.headers, 'Content-Type': ['application/json', 'text/plain'] };
  expect(refusalOf(await send(url, '/', { method: 'GET', headers: twice }))).toEqual(invalid);
});

describe('whoever does not have the secret', () => {
  const refused: [string, Parameters<typeof signed>[2]][] = [
    ['has a wrong one', { secret: secret.replace('k', 'K') }],
    ['names a key that there is not', { keyId: 'mallory' }],
    ['names a key that every object has', { keyId: '__proto__' }],
    ['names another one’s key', { keyId: 'bob' }],
  ];

  test.each(refused)('%s: hears the same', async (_name, request) => {
    const { url } = await guarded();
    const answer = await deliver(url, signed(url, '/', request));
    expect(refusalOf(answer)).toEqual(invalid);
    expect(answer.headers['www-authenticate']).toBe('Signature realm="gateway"');
    expect(answer.body).toBe('{"error":"Authentication failed","message":"Invalid signature"}');
  });
});

describe('hosts', () => {
  test('one that is not among `authorities` is refused, however well it is signed', async () => {
    const { url, port } = await guarded({ authorities: ['API.example.com'] });
    expect(refusalOf(await deliver(url, signed(url)))).toEqual([401, 'Signature is for another host']);
    const sent = signed('http://api.example.com');
    expect(await send(url, '/', { headers: { ...sent.headers, Host: 'api.example.com:80' } })).toMatchObject({
      status: 200,
    });
    const ported = signed(`http://api.example.com:${port}`);
    const answer = await send(url, '/', { headers: { ...ported.headers, Host: `api.example.com:${port}` } });
    expect(refusalOf(answer)).toEqual([401, 'Signature is for another host']);
  });

  test('what a trusted proxy says of host and scheme counts, and what others say does not', async () => {
    const forwarded = { 'X-Forwarded-Host': 'api.example.com, inner', 'X-Forwarded-Proto': 'https' };
    const options = { requiredComponents: ['@method', '@target-uri'] };
    const components = ['@target-uri'];
    const trusting = await guarded(options, undefined, 'loopback');
    const sent = () => signed('https://api.example.com', '/a', { components, headers: forwarded });
    expect(await deliver(trusting.url, sent())).toMatchObject({ status: 200 });
    const { url } = await guarded(options);
    expect(refusalOf(await deliver(url, sent()))).toEqual(invalid);
    expect(await deliver(url, signed(url, '/a', { components, headers: forwarded }))).toMatchObject({
      status: 200,
    });
  });

  test.each([
    ['two', 'Host: one.example\r\nHost: two.example\r\n'],
    ['none, as HTTP/1.0 allows', ''],
  ])('%s: refused', async (_name, hosts) => {
    const { port } = await guarded();
    const { headers } = signed('http://one.example');
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await sendRaw(port, `GET / HTTP/1.0\r\n${hosts}${fields.join('')}\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toContain('Malformed request target');
  });
});
