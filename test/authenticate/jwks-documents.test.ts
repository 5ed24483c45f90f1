import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type ProviderKey, provider, providerKey, withProvider } from './jwks-support.js';
import { claims, forged, hmac, identityIn, invalid, refusalIn, rsa } from './jwt-support.js';

const a = providerKey('a');
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });

/** A key that is published in a way of its own, and one that is as it should be. */
const beside = async (odd: ProviderKey) => withProvider((await provider(odd, a)).url);

test.each<[string, ProviderKey]>([
  ['a key with its use and algorithm', providerKey('x', { use: 'sig', alg: 'ES256' })],
  ['a key with its operations', providerKey('x', { key_ops: ['verify'] })],
  ['an RSA key', providerKey('x', {}, rsa)],
  ['members that nobody knows', providerKey('x', { x5t: 'abc', issuer: 'us', x5c: ['not a certificate'] })],
])('takes %s', async (_what, key) => {
  const { present } = await beside(key);
  expect(identityIn(await present(key.token())).id).toBe('alice');
});

test.each<[string, ProviderKey]>([
  ['for encryption', providerKey('x', { use: 'enc' })],
  ['for another algorithm', providerKey('x', { alg: 'ES512' })],
  ['of RSA for another algorithm', providerKey('x', { alg: 'PS256' }, rsa)],
  ['that only signs', providerKey('x', { key_ops: ['sign'] })],
  ['with operations that are no list', providerKey('x', { key_ops: 'verify' as never })],
  ['of an unknown type', providerKey('x', { kty: 'XX' })],
  ['off its curve', providerKey('x', { y: 'AAAA' })],
  ['of a curve that its algorithm does not have', providerKey('x', { alg: 'ES256' }, p384)],
  ['published with its private part', providerKey('x', { d: 'AAAA' })],
  ['whose kid is a number', providerKey('x', { kid: 7 as never })],
  ['whose modulus is too short', providerKey('x', {}, small)],
])('leaves out a key %s, and takes the others', async (_what, key) => {
  const { present } = await beside(key);
  expect(refusalIn(await present(key.token()))).toEqual(invalid);
  expect(identityIn(await present(a.token())).id).toBe('alice');
});

test('a secret that a provider publishes is nobody’s', async () => {
  const k = Buffer.from('published-published-published-published');
  const { jwk, token } = a;
  const there = await provider(
    { jwk: { kty: 'oct', kid: 'a', alg: 'HS256', k: k.toString('base64url') }, token },
    { jwk, token },
  );
  const { present } = await withProvider(there.url);
  const forgery = forged({ alg: 'HS256', kid: 'a' }, claims({ iss: 'us', aud: 'api' }), hmac(k));
  expect(refusalIn(await present(forgery))).toEqual(invalid);
  expect(identityIn(await present(token())).id).toBe('alice');
});

test('an RSA key is no HMAC secret, and no key for ES', async () => {
  const there = await provider(providerKey('x', {}, rsa));
  const { present } = await withProvider(there.url);
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  for (const alg of ['HS256', 'ES256']) {
    const forgery = forged({ alg, kid: 'x' }, claims({ iss: 'us', aud: 'api' }), hmac(pem));
    expect(refusalIn(await present(forgery))).toEqual(invalid);
  }
});
