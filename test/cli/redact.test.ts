import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redact } from '../../src/cli/redact.js';

describe('takes out', () => {
  test('what is secret by its name, at any depth', () => {
    const secret = 'hidden';
    const names = [
      'authorization',
      'Cookie',
      'set-cookie',
      'X-API-Key',
      'apiKey',
      'api_key',
      'adminKey',
      'password',
    ];
    const more = ['clientSecret', 'access_token', 'jwt', 'passphrase', 'privateKey', 'credentials'];
    for (const name of [...names, ...more]) {
      const text = JSON.stringify(
        redact({ request: [{ headers: { [name]: secret } }], [name]: { deep: secret } }),
      );
      expect([name, text]).toEqual([name, expect.not.stringContaining(secret)]);
    }
  });

  test.each<[string, string]>([
    ['an API key', `the key gw_${'a'.repeat(49)} is`],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYWFhYWFhIn0.aaaaaaaaaaaa'],
    ['a bearer token', 'Authorization: Bearer aaaaaaaaaaaa'],
    ['user and password of a URL', 'redis://aaaaaaa:aaaaaaa@localhost:6379'],
    ['a parameter of a query', 'GET /x?y=1&ticket=aaaaaaaa&z=2'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\naaaaaaaa\n-----END PRIVATE KEY-----'],
  ])('%s, wherever it stands', (_what, text) => {
    const shown = redact({ error: new Error(text), list: [text], text });
    expect(JSON.stringify(shown)).toContain('[redacted]');
    expect(JSON.stringify(shown)).not.toMatch(/a{7}/);
  });
});

test('keeps what is no secret', () => {
  const details = {
    key: 'kgot',
    keyId: 'k1',
    tokens: 15,
    requestId: 'r',
    hasPassword: true,
    url: 'http://a/b?c=d',
  };
  expect(redact(details)).toEqual(details);
});

test('makes JSON of what JSON does not have', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const details = {
    big: 10n,
    none: Number.NaN,
    when: new Date(0),
    set: new Set(['a']),
    map: new Map([
      ['password', 'hidden'],
      ['a', 'b'],
    ]),
    bytes: Buffer.from('hidden'),
    error: new Error('failed', { cause }),
    call: () => 'hidden',
  };
  expect(JSON.parse(JSON.stringify(redact(details)))).toEqual({
    big: '10',
    none: 'NaN',
    when: '1970-01-01T00:00:00.000Z',
    set: ['a'],
    map: { password: '[redacted]', a: 'b' },
    bytes: '[6 bytes]',
    error: {
      name: 'Error',
      message: 'failed',
      cause: { name: 'Error', message: 'refused', code: 'ECONNREFUSED' },
    },
    call: '[function]',
  });
  expect(JSON.stringify(redact({ error: new Error('x') }, true))).toContain('redact.test');
});

test('bounds what is huge, deep or circular, and what throws when it is read', () => {
  const circle: Record<string, unknown> = { a: 1 };
  circle['self'] = circle;
  expect(redact(circle)).toEqual({ a: 1, self: '[circular]' });
  let deep: unknown = 'x';
  for (let at = 0; at < 10_000; at += 1) deep = { deep };
  expect(JSON.stringify(redact(deep)).length).toBeLessThan(200);
  expect(JSON.stringify(redact(Array(1_000_000).fill('x'))).length).toBeLessThan(10_000);
  expect(JSON.stringify(redact({ text: 'x'.repeat(10_000_000) })).length).toBeLessThan(10_000);
  const trap = {
    get a() {
      throw new Error('no');
    },
  };
  expect(redact(trap)).toBe('[unreadable]');
});

test('never throws, and what it gives is JSON, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withNullPrototype: true,
      }),
      (value) => {
        JSON.stringify(redact(value));
      },
    ),
  );
});

test('takes its time in proportion to the text, whatever that is', () => {
  // By looking from each beginning to the end, this would take minutes.
  const beginnings = [
    'eyJ',
    '-eyJ',
    'eyJaaaaaaaa.',
    '//',
    '?a-',
    '?key',
    'Bearer ',
    '-----BEGIN PRIVATE KEY',
    'gw_',
  ];
  for (const beginning of beginnings)
    for (let at = 0; at < 500; at += 1) expect(redact(beginning.repeat(3000))).toBeDefined();
});
