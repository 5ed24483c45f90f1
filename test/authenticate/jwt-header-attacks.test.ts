import { generateKeyPairSync } from 'node:crypto';
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

const rs256: JwtOptions = { publicKey: pemOf(rsa.publicKey), algorithms: ['RS256'] };
const mallory = generateKeyPairSync('rsa', { modulusLength: 2048 });
const unsigned = () => '';

test.each(['none', 'None', 'NONE', 'nOnE'])('refuses alg %s, with and without a signature', async (alg) => {
  for (const options of [hs256, rs256]) {
    const { present } = await withJwt(options);
    for (const signer of [unsigned, hmac(''), hmac(secret), asymmetric(rsa.privateKey)]) {
      expect(refusalIn(await present(forged({ alg, typ: 'JWT' }, claims(), signer)))).toEqual(invalid);
    }
  }
});

test.each<[string, string | Buffer]>([
  ['its PEM', pemOf(rsa.publicKey)],
  ['its PEM without the last line feed', pemOf(rsa.publicKey).trimEnd()],
  ['its PEM as of a PKCS#1 key', rsa.publicKey.export({ type: 'pkcs1', format: 'pem' })],
  ['its DER', rsa.publicKey.export({ type: 'spki', format: 'der' })],
])('refuses a token with the public key taken for an HMAC secret: %s', async (_form, key) => {
  const { present } = await withJwt(rs256);
  for (const hash of ['sha256', 'sha384', 'sha512']) {
    const token = forged({ alg: `HS${hash.slice(3)}`, typ: 'JWT' }, claims(), hmac(key, hash));
    expect(refusalIn(await present(token))).toEqual(invalid);
  }
});

test('refuses an asymmetric alg where there is a secret', async () => {
  const { present } = await withJwt(hs256);
  for (const key of [rsa.privateKey, ec.privateKey]) {
    const alg = key === ec.privateKey ? 'ES256' : 'RS256';
    expect(refusalIn(await present(forged({ alg }, claims(), asymmetric(key))))).toEqual(invalid);
  }
});

const jwk = { ...mallory.publicKey.export({ format: 'jwk' }), kid: 'mallory' };

test.each<[string, Record<string, unknown>]>([
  ['jku', { jku: 'https://mallory.example/jwks.json', kid: 'mallory' }],
  ['jwk', { jwk }],
  ['x5u', { x5u: 'https://mallory.example/cert.pem' }],
  ['x5c', { x5c: [mallory.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }],
  ['an empty jku', { jku: null }],
])('refuses a key that the token brings along: %s', async (_name, more) => {
  const { present } = await withJwt(rs256);
  const header = { alg: 'RS256', typ: 'JWT', ...more };
  for (const { privateKey } of [mallory, rsa]) {
    expect(refusalIn(await present(forged(header, claims(), asymmetric(privateKey))))).toEqual(invalid);
  }
});

test.each([[['exp']], [['b64']], [[]]])('refuses crit, of which nothing is understood: %j', async (crit) => {
  const { present } = await withJwt(hs256);
  expect(refusalIn(await present(forged({ alg: 'HS256', crit, b64: false })))).toEqual(invalid);
});

test.each([
  '../../../../../../dev/null',
  '/dev/null',
  '..\\..\\windows\\win.ini',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data',
  "x' UNION SELECT 'secret'; --",
  '"; rm -rf / #',
  '$(id)',
  '__proto__',
  'constructor',
  'undefined',
  '\u0000',
])('a kid is compared and nothing else: %j', async (kid) => {
  const named = await withJwt({ ...rs256, publicKey: [{ kid: 'a', key: pemOf(rsa.publicKey) }] });
  for (const signer of [
    hmac(''),
    hmac('secret'),
    asymmetric(mallory.privateKey),
    asymmetric(rsa.privateKey),
  ]) {
    expect(refusalIn(await named.present(forged({ alg: 'RS256', kid }, claims(), signer)))).toEqual(invalid);
  }
  const unnamed = await withJwt(rs256);
  expect(refusalIn(await unnamed.present(forged({ alg: 'RS256', kid }, claims(), hmac(''))))).toEqual(
    invalid,
  );
});

test.each<[string, unknown]>([
  ['a number', 7],
  ['null', null],
  ['a list', ['a']],
  ['an object', { toString: 'a' }],
  ['empty', ''],
  ['longer than any name', 'a'.repeat(257)],
])('refuses a kid that is %s', async (_what, kid) => {
  const { present } = await withJwt(hs256);
  expect(refusalIn(await present(forged({ alg: 'HS256', kid })))).toEqual(invalid);
});

test.each<[string, unknown]>([
  ['a list of algorithms', { alg: ['HS256'] }],
  ['an object for alg', { alg: { toString: 'HS256' } }],
  ['no alg', { typ: 'JWT' }],
  ['an alg in another case', { alg: 'hs256' }],
  ['an alg with white space', { alg: 'HS256 ' }],
  ['an alg of JWE', { alg: 'dir', enc: 'A256GCM' }],
  ['a list', [{ alg: 'HS256' }]],
  ['a string', '"HS256"'],
  ['null', 'null'],
  ['no JSON', '{alg:"HS256"}'],
  ['JSON with something after it', '{"alg":"HS256"}{}'],
  ['bytes that are not UTF-8', Buffer.from('{"alg":"HS256","kid":"\xff"}', 'latin1')],
  ['alg twice, first none', '{"alg":"none","alg":"HS256"}'],
  ['alg twice, last none', '{"alg":"HS256","alg":"none"}'],
  ['kid twice', '{"alg":"HS256","kid":"a","kid":"b"}'],
  ['alg twice, once escaped', '{"alg":"HS256","\\u0061lg":"HS256"}'],
  ['brackets without end', '['.repeat(5000)],
])('refuses a header that is or has %s', async (_what, header) => {
  const { present } = await withJwt(hs256);
  expect(refusalIn(await present(forged(header)))).toEqual(invalid);
});

test.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'application/jose+json', 'JWE', '', 7, null, ['JWT']])(
  'refuses a token that was made for something else: typ %j',
  async (typ) => {
    const { present } = await withJwt(hs256);
    expect(refusalIn(await present(forged({ alg: 'HS256', typ })))).toEqual(invalid);
  },
);

test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'JOSE', undefined])(
  'accepts typ %j',
  async (typ) => {
    const { present } = await withJwt(hs256);
    expect(identityIn(await present(forged({ alg: 'HS256', typ, 'x5t#S256': 'abc' }))).id).toBe('alice');
  },
);

test('`types` says which typ alone will do', async () => {
  const { present } = await withJwt({ ...hs256, types: ['at+JWT'] });
  expect(identityIn(await present(forged({ alg: 'HS256', typ: 'application/at+jwt' }))).id).toBe('alice');
  expect(refusalIn(await present(tokenWith()))).toEqual(invalid);
  expect(refusalIn(await present(forged({ alg: 'HS256' })))).toEqual(invalid);
});
