import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  asymmetric,
  claims,
  ec,
  forged,
  hmac,
  hs256,
  identityIn,
  invalid,
  type JwtOptions,
  pemOf,
  refusalIn,
  rsa,
  secret,
  tokenWith,
  withJwt,
} from './jwt-support.js';

const es256: JwtOptions = { publicKey: pemOf(ec.publicKey), algorithms: ['ES256'] };

const base64url = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64url');
const [header = '', payload = '', signature = ''] = tokenWith().split('.');

test('refuses an empty signature', async () => {
  for (const [options, alg] of [
    [hs256, 'HS256'],
    [es256, 'ES256'],
  ] as const) {
    const { present } = await withJwt(options);
    expect(refusalIn(await present(forged({ alg }, claims(), () => '')))).toEqual(invalid);
  }
});

test('refuses a payload that was changed', async () => {
  const { present } = await withJwt(hs256);
  const changed = base64url(JSON.stringify(claims({ sub: 'mallory' })));
  expect(refusalIn(await present(`${header}.${changed}.${signature}`))).toEqual(invalid);
});

test('refuses a header that was changed', async () => {
  const { present } = await withJwt(hs256);
  const changed = base64url('{"typ":"JWT","alg":"HS256"}');
  expect(refusalIn(await present(`${changed}.${payload}.${signature}`))).toEqual(invalid);
});

test('refuses a signature of another token', async () => {
  const { present } = await withJwt(hs256);
  const other = tokenWith({ sub: 'bob' }).split('.')[2];
  expect(refusalIn(await present(`${header}.${payload}.${other}`))).toEqual(invalid);
});

test('refuses every change of a single character of a signature', async () => {
  const { present } = await withJwt({ ...hs256, cache: false });
  for (let at = 0; at < signature.length; at += 1) {
    const changed = `${signature.slice(0, at)}${signature[at] === 'B' ? 'C' : 'B'}${signature.slice(at + 1)}`;
    expect(refusalIn(await present(`${header}.${payload}.${changed}`))).toEqual(invalid);
  }
});

test('refuses a token that was cut, wherever', async () => {
  const { present } = await withJwt(hs256);
  const token = `${header}.${payload}.${signature}`;
  for (let length = 1; length < token.length; length += 3) {
    expect((await present(token.slice(0, length))).status).toBe(401);
  }
});

test('refuses a signature of which more than its bits were written', async () => {
  const rs256: JwtOptions = { publicKey: pemOf(rsa.publicKey), algorithms: ['RS256'] };
  for (const [options, key, alg] of [
    [es256, ec, 'ES256'],
    [rs256, rsa, 'RS256'],
  ] as const) {
    const { present } = await withJwt(options);
    const token = forged({ alg }, claims(), asymmetric(key.privateKey));
    // The last character of 64 and of 256 bytes has four bits too many: `A` is followed by `B` to `P`.
    const last = String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
    const same = token.slice(0, -1) + last;
    expect(Buffer.from(same.split('.')[2] ?? '', 'base64url')).toEqual(
      Buffer.from(token.split('.')[2] ?? '', 'base64url'),
    );
    expect(refusalIn(await present(same))).toEqual(invalid);
    expect(identityIn(await present(token)).id).toBe('alice');
    expect(refusalIn(await present(`${token}A`))).toEqual(invalid);
  }
});

test('refuses a signature by another key of the same kind', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { present } = await withJwt(es256);
  expect(refusalIn(await present(forged({ alg: 'ES256' }, claims(), asymmetric(other.privateKey))))).toEqual(
    invalid,
  );
});

test('refuses an ES signature in DER form (RFC 7518, section 3.4, wants r and s alone)', async () => {
  const { present } = await withJwt(es256);
  const token = forged({ alg: 'ES256' }, claims(), asymmetric(ec.privateKey, 'der'));
  expect(refusalIn(await present(token))).toEqual(invalid);
});

test.each<[string, Buffer]>([
  ['zeros (CVE-2022-21449)', Buffer.alloc(64)],
  ['ones', Buffer.alloc(64, 0xff)],
  ['too short', Buffer.alloc(63, 1)],
  ['too long', Buffer.alloc(65, 1)],
  ['of one byte', Buffer.alloc(1, 1)],
])('refuses an ES signature of %s', async (_what, bytes) => {
  const { present } = await withJwt(es256);
  expect(refusalIn(await present(forged({ alg: 'ES256' }, claims(), () => base64url(bytes))))).toEqual(
    invalid,
  );
});

test.each<[string, string | Buffer]>([
  ['an empty one', ''],
  ['a zero byte', Buffer.alloc(1)],
  ['one of zeros', Buffer.alloc(64)],
  ['a well-known one', 'secret'],
  ['its own in hexadecimal', Buffer.from(secret).toString('hex')],
  ['its own with a line feed', `${secret}\n`],
  ['the first half of its own', secret.slice(0, 32)],
])('refuses a signature with a guessed secret: %s', async (_what, key) => {
  const { present } = await withJwt(hs256);
  expect(refusalIn(await present(forged({ alg: 'HS256' }, claims(), hmac(key))))).toEqual(invalid);
});

test('refuses a truncated HMAC, and one of another hash', async () => {
  const { present } = await withJwt({ ...hs256, algorithms: ['HS256', 'HS512'] });
  const cut = (input: string) =>
    createHmac('sha256', secret).update(input).digest().subarray(0, 16).toString('base64url');
  expect(refusalIn(await present(forged({ alg: 'HS256' }, claims(), cut)))).toEqual(invalid);
  expect(refusalIn(await present(forged({ alg: 'HS512' }, claims(), hmac(secret))))).toEqual(invalid);
  expect(identityIn(await present(forged({ alg: 'HS512' }, claims(), hmac(secret, 'sha512')))).id).toBe(
    'alice',
  );
});

test('says no more of a token that is not genuine than that', async () => {
  const { present } = await withJwt({ ...hs256, issuer: 'https://us.example' });
  for (const more of [
    { exp: 1 },
    { nbf: 9_999_999_999 },
    { iss: 'https://them.example' },
    { sub: undefined },
  ]) {
    expect(refusalIn(await present(tokenWith(more, `${secret}x`)))).toEqual(invalid);
  }
});
