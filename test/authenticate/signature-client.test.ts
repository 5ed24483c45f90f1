import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { parseDictionary } from 'structured-headers';
import { type RequestToSign, secret, setClock, signRequest } from './signature-support.js';

const request = {
  url: 'https://api.example.com/chat',
  keyId: 'alice',
  secret,
  nonce: 'n',
  created: 1_750_000_000,
};

const inputOf = (more: Partial<RequestToSign> = {}) =>
  signRequest({ ...request, ...more })['Signature-Input'];

describe('signRequest', () => {
  test('covers method, host, path and query', () => {
    expect(signRequest(request)).toEqual({
      'Signature-Input':
        'sig1=("@method" "@authority" "@path" "@query");created=1750000000;keyid="alice";alg="hmac-sha256";nonce="n"',
      Signature: expect.stringMatching(/^sig1=:[\w+/]{43}=:$/),
    });
  });

  test('covers a body by its digest', () => {
    const signed = signRequest({ ...request, body: '{"hello": "world"}\n' });
    expect(signed['Content-Digest']).toBe('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:');
    expect(signed['Signature-Input']).toContain('"@query" "content-digest")');
    expect(signRequest({ ...request, body: Buffer.from('{"hello": "world"}\n') })).toEqual(signed);
    expect(signRequest({ ...request, body: new TextEncoder().encode('{"hello": "world"}\n') })).toEqual(
      signed,
    );
  });

  test('covers a digest that is there already, and makes none', () => {
    const { 'Content-Digest': digest = '', ...signed } = signRequest({ ...request, body: 'x' });
    for (const name of ['Content-Digest', 'content-digest']) {
      expect(signRequest({ ...request, headers: { [name]: digest } })).toEqual(signed);
    }
  });

  test('covers fields that are named, whoever holds them', () => {
    const components = ['Content-Type', 'x-request-id'];
    const fields = { 'content-type': 'text/plain', 'X-Request-Id': '1', 'X-Other': '2' };
    const signed = signRequest({ ...request, headers: fields, components });
    expect(signed['Signature-Input']).toContain('"@query" "content-type" "x-request-id")');
    expect(signRequest({ ...request, headers: new Headers(fields), components })).toEqual(signed);
    expect(signRequest({ ...request, headers: Object.entries(fields), components })).toEqual(signed);
    expect(signRequest({ ...request, headers: new Map(Object.entries(fields)), components })).toEqual(signed);
  });

  test('has what is asked for besides', () => {
    expect(inputOf({ expires: 1_750_000_060, tag: 'app', label: 'mine' })).toBe(
      'mine=("@method" "@authority" "@path" "@query");created=1750000000;keyid="alice";alg="hmac-sha256";nonce="n";expires=1750000060;tag="app"',
    );
    expect(inputOf({ keyId: 'a"b\\c' })).toContain('keyid="a\\"b\\\\c"');
  });

  test('is of now, and is new each time', () => {
    setClock(1_760_000_000.9);
    const { nonce: _nonce, created: _created, ...rest } = request;
    const inputs = Array.from({ length: 50 }, () => signRequest(rest)['Signature-Input'] ?? '');
    expect(new Set(inputs).size).toBe(50);
    for (const input of inputs) {
      const parameters = parseDictionary(input).get('sig1')?.[1];
      expect([parameters?.get('created'), String(parameters?.get('nonce')).length]).toEqual([
        1_760_000_000, 22,
      ]);
    }
  });

  test.each([
    ['the case of the host', { url: 'https://API.example.com/chat' }],
    ['the port that is the default', { url: 'https://api.example.com:443/chat' }],
    ['a fragment', { url: 'https://api.example.com/chat#top' }],
    ['a URL object', { url: new URL('https://api.example.com/chat') }],
    ['the case of the method', { method: 'get' }],
    ['a secret as bytes', { secret: Buffer.from(secret) }],
  ])('makes no difference of %s', (_name, more) => {
    expect(signRequest({ ...request, ...more })).toEqual(signRequest(request));
  });

  test.each([
    ['the method', { method: 'POST' }],
    ['the host', { url: 'https://api.example.org/chat' }],
    ['the port', { url: 'https://api.example.com:8443/chat' }],
    ['the path', { url: 'https://api.example.com/chat/' }],
    ['the query', { url: 'https://api.example.com/chat?a' }],
    ['the secret', { secret: secret.toUpperCase() }],
  ])('makes a difference of %s', (_name, more) => {
    expect(signRequest({ ...request, ...more })['Signature']).not.toBe(signRequest(request)['Signature']);
  });

  test.each([
    [
      { secret: 'short' },
      /`signRequest\.secret` must be .* at least 32 bytes long, got a string of 5 characters/,
    ],
    [{ url: '/chat' }, /`signRequest\.url` must be an absolute http: or https: URL, got '\/chat'/],
    [{ url: 'ftp://a/' }, /`signRequest\.url` must be/],
    [{ keyId: '' }, /`signRequest\.keyId` must be 1 to 256 printable ASCII characters/],
    [{ keyId: 'é' }, /`signRequest\.keyId` must be/],
    [{ nonce: 'a\nb' }, /`signRequest\.nonce` must be/],
    [{ created: 1.5 }, /`signRequest\.created` must be an integer/],
    [{ label: 'Sig' }, /`signRequest\.label` must be a label/],
    [{ components: ['x-none'] }, /`signRequest\.components` must be in `headers`, got .*x-none/],
    [{ components: ['x'], headers: { x: 'a\r\nb: c' } }, /`signRequest\.components`/],
    [
      { body: new ReadableStream() },
      /`signRequest\.body` must be a string or bytes: digest a stream yourself/,
    ],
    [{ keyID: 'alice' }, /`signRequest\.keyID`: unknown option\. Did you mean `keyId`\?/],
  ])('refuses %j', (more, problem) => {
    const sign = () => signRequest({ ...request, ...more } as RequestToSign);
    expect(sign).toThrow(ConfigError);
    expect(sign).toThrow(problem);
  });
});
