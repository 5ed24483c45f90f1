import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  ec,
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

type Algorithm = JwtOptions['algorithms'][number];

const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });

const signers: Record<Algorithm, string | { privateKey: KeyObject; publicKey: KeyObject }> = {
  HS256: secret,
  HS384: secret,
  HS512: secret,
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: ec,
  ES384: p384,
  ES512: p521,
};

describe.each(Object.entries(signers))('%s', (name, signer) => {
  const algorithm = name as Algorithm;
  const key = typeof signer === 'string' ? signer : signer.privateKey;
  const source = typeof signer === 'string' ? { secret: signer } : { publicKey: pemOf(signer.publicKey) };
  const token = tokenWith({}, key, { algorithm });

  test('accepts a token signed with it', async () => {
    const { present } = await withJwt({ ...source, algorithms: [algorithm] });
    expect(identityIn(await present(token))).toMatchObject({ id: 'alice', method: 'jwt', tier: 'free' });
  });

  test('refuses one whose payload was changed', async () => {
    const { present } = await withJwt({ ...source, algorithms: [algorithm] });
    const [header, , signature] = token.split('.');
    const payload = Buffer.from('{"sub":"mallory","exp":9999999999}').toString('base64url');
    expect(refusalIn(await present(`${header}.${payload}.${signature}`))).toEqual(invalid);
  });
});

test.each<[string, Partial<JwtOptions>, string]>([
  ['HS512 where HS256 is', { secret, algorithms: ['HS256'] }, tokenWith({}, secret, { algorithm: 'HS512' })],
  [
    'PS256 where RS256 is',
    { publicKey: pemOf(rsa.publicKey), algorithms: ['RS256'] },
    tokenWith({}, rsa.privateKey, { algorithm: 'PS256' }),
  ],
  [
    'ES384 where ES256 is',
    { publicKey: pemOf(ec.publicKey), algorithms: ['ES256'] },
    tokenWith({}, p384.privateKey, { algorithm: 'ES384' }),
  ],
])('refuses an algorithm that is not listed, though the key would fit: %s', async (_what, options, token) => {
  const { present } = await withJwt(options as JwtOptions);
  expect(refusalIn(await present(token))).toEqual(invalid);
});

test('verifies with a secret of bytes', async () => {
  const { present } = await withJwt({ secret: Buffer.from(secret), algorithms: ['HS256'] });
  expect(identityIn(await present(tokenWith())).id).toBe('alice');
});

describe('several public keys', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = [
    { kid: 'old', key: pemOf(rsa.publicKey) },
    { kid: 'new', key: pemOf(other.publicKey) },
    { key: pemOf(ec.publicKey) },
  ];
  const options: JwtOptions = { publicKey, algorithms: ['RS256', 'ES256'] };

  test.each<[string, KeyObject, Algorithm, string | undefined]>([
    ['the one that `kid` names', other.privateKey, 'RS256', 'new'],
    ['the only one for the algorithm', ec.privateKey, 'ES256', undefined],
    ['the only one for the algorithm that has no name, whatever `kid` says', ec.privateKey, 'ES256', 'x'],
  ])('takes %s', async (_which, key, algorithm, kid) => {
    const { present } = await withJwt(options);
    const token = tokenWith({}, key, { algorithm, ...(kid !== undefined && { keyid: kid }) });
    expect(identityIn(await present(token)).id).toBe('alice');
  });

  test.each<[string, KeyObject, string | undefined]>([
    ['none where a `kid` names another', rsa.privateKey, 'new'],
    ['none where a `kid` names nothing', rsa.privateKey, 'x'],
    ['none where several fit and no `kid` says which', rsa.privateKey, undefined],
    ['none where several fit and no `kid` says which, the last included', other.privateKey, undefined],
  ])('takes %s', async (_which, key, kid) => {
    const { present } = await withJwt(options);
    const token = tokenWith({}, key, { algorithm: 'RS256', ...(kid !== undefined && { keyid: kid }) });
    expect(refusalIn(await present(token))).toEqual(invalid);
  });
});

test('a secret decides at once, with no promise', async () => {
  const { guard, url } = await withJwt({ secret, algorithms: ['HS256'] });
  let passed = false;
  const req = { headers: { authorization: `Bearer ${tokenWith()}` }, url, socket: {} };
  const res = { setHeader() {}, on() {}, headersSent: false, destroyed: false };
  guard(req as never, res as never, () => {
    passed = true;
  });
  expect(passed).toBe(true);
});
