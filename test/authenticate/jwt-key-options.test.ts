import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { ec, pemOf, problemsOf, rsa } from './jwt-support.js';

const publicKey = pemOf(rsa.publicKey);
const privatePem = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const provider = { algorithms: ['RS256'], issuer: 'https://login.example', audience: 'api' };
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ed = generateKeyPairSync('ed25519');

test.each<[string, unknown, string]>([
  [
    'a secret shorter than the hash',
    { secret: 'a'.repeat(31), algorithms: ['HS256'] },
    '`authenticate.jwt.secret` must have at least 32 bytes (make one with `openssl rand -hex 64`, or set `allowShortSecret`), got a string of 31 characters.',
  ],
  [
    'a secret shorter than the longer hash',
    { secret: 'a'.repeat(63), algorithms: ['HS256', 'HS512'] },
    '`authenticate.jwt.secret` must have at least 64 bytes (make one with `openssl rand -hex 64`, or set `allowShortSecret`), got a string of 63 characters.',
  ],
  [
    'an empty secret, though a short one is allowed',
    { secret: '', algorithms: ['HS256'], allowShortSecret: true },
    '`authenticate.jwt.secret` must not be empty, got a string of 0 characters.',
  ],
  [
    'a public key for a secret',
    { secret: publicKey, algorithms: ['HS256'] },
    `\`authenticate.jwt.secret\` must not be a PEM, with which anybody could sign: give it as \`publicKey\`, got a string of ${publicKey.length} characters.`,
  ],
  [
    'a private key',
    { publicKey: privatePem, algorithms: ['RS256'] },
    `\`authenticate.jwt.publicKey\` must be a public key: a gateway needs no private one, got a string of ${privatePem.length} characters.`,
  ],
  [
    'a key for no algorithm',
    { publicKey, algorithms: ['ES256'] },
    "`authenticate.jwt.algorithms` must have one that public key 1 is for (RSA from 2048 bits on), got [ 'ES256' ].",
  ],
  [
    'a key of another curve',
    { publicKey: pemOf(ec.publicKey), algorithms: ['ES384'] },
    "`authenticate.jwt.algorithms` must have one that public key 1 is for (RSA from 2048 bits on), got [ 'ES384' ].",
  ],
  [
    'an RSA key that is too short',
    { publicKey: pemOf(small.publicKey), algorithms: ['RS256'] },
    "`authenticate.jwt.algorithms` must have one that public key 1 is for (RSA from 2048 bits on), got [ 'RS256' ].",
  ],
  [
    'a key of another kind',
    { publicKey: [{ key: publicKey }, { key: pemOf(ed.publicKey) }], algorithms: ['RS256'] },
    "`authenticate.jwt.algorithms` must have one that public key 2 is for (RSA from 2048 bits on), got [ 'RS256' ].",
  ],
  [
    'a provider without TLS',
    { ...provider, jwks: { url: 'http://login.example/jwks' } },
    "`authenticate.jwt.jwks.url` must be an https: URL without a user name (http: on a loopback address alone), got 'http://login.example/jwks'.",
  ],
  [
    'a provider in a file',
    { ...provider, jwks: { url: 'file:///etc/jwks.json' } },
    "`authenticate.jwt.jwks.url` must be an https: URL without a user name (http: on a loopback address alone), got 'file:///etc/jwks.json'.",
  ],
  [
    'a provider that looks like this machine',
    { ...provider, jwks: { url: 'http://127.0.0.1.evil.example/' } },
    "`authenticate.jwt.jwks.url` must be an https: URL without a user name (http: on a loopback address alone), got 'http://127.0.0.1.evil.example/'.",
  ],
])('refuses %s', (_what, options, problem) => {
  expect(problemsOf(options)).toEqual([problem]);
});

test('refuses keys that a token cannot tell apart', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const kid of ['a', undefined]) {
    const keys = [
      { kid, key: publicKey },
      { kid, key: pemOf(other.publicKey) },
    ];
    expect(problemsOf({ publicKey: keys, algorithms: ['RS256'] })[0]).toContain(
      'must have keys that differ in `kid`',
    );
  }
});
