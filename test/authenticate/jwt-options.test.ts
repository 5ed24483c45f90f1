import { describe, expect, test } from '@jest/globals';
import { ec, hs256, pemOf, problemsOf, rsa, secret } from './jwt-support.js';

const publicKey = pemOf(rsa.publicKey);
const jwks = { url: 'https://login.example/jwks.json' };
const provider = { jwks, algorithms: ['RS256'], issuer: 'https://login.example', audience: 'api' };

test.each<[string, unknown]>([
  ['a secret', hs256],
  ['a public key', { publicKey, algorithms: ['RS256', 'PS512'] }],
  [
    'several public keys',
    {
      publicKey: [{ kid: 'a', key: publicKey }, { key: pemOf(ec.publicKey) }],
      algorithms: ['RS256', 'ES256'],
    },
  ],
  ['a provider', provider],
  ['a provider on this machine', { ...provider, jwks: { url: 'http://127.0.0.1:8080/jwks' } }],
  ['a provider of anything', { ...provider, issuer: false, audience: false }],
  ['a short secret, if allowed', { secret: 'short', algorithms: ['HS256'], allowShortSecret: true }],
  ['`system` for tokens, if allowed', { ...hs256, tierMap: { root: 'system' }, allowSystemTier: true }],
])('accepts %s', (_what, options) => {
  expect(problemsOf(options)).toEqual([]);
});

test.each<[string, unknown, string]>([
  [
    'no key',
    { algorithms: ['HS256'] },
    '`authenticate.jwt.secret` must be given, or `publicKey`, or `jwks`: exactly one of the three, got a value of type undefined.',
  ],
  [
    'two kinds of keys',
    { ...hs256, publicKey },
    '`authenticate.jwt.secret` must be given, or `publicKey`, or `jwks`: exactly one of the three, got a string of 64 characters.',
  ],
  ['no algorithms', { secret }, '`authenticate.jwt.algorithms` must be an array, got undefined.'],
  [
    'an empty list of algorithms',
    { secret, algorithms: [] },
    '`authenticate.jwt.algorithms` must have at least 1 entry, got [].',
  ],
  [
    'both kinds of algorithms',
    { publicKey, algorithms: ['RS256', 'HS256'] },
    "`authenticate.jwt.algorithms` must be RS, PS or ES ones with public keys, got [ 'RS256', 'HS256' ].",
  ],
  [
    'algorithms of the other kind',
    { secret, algorithms: ['RS256'] },
    "`authenticate.jwt.algorithms` must be HS ones with `secret`, got [ 'RS256' ].",
  ],
  [
    'any issuer of a provider by default',
    { ...provider, issuer: undefined },
    '`authenticate.jwt.issuer` must be given with `jwks` (false: any), got undefined.',
  ],
  [
    'any audience of a provider by default',
    { ...provider, audience: undefined },
    '`authenticate.jwt.audience` must be given with `jwks` (false: any), got undefined.',
  ],
  [
    '`system` for tokens',
    { ...hs256, tierMap: { root: 'system' } },
    '`authenticate.jwt.allowSystemTier` must be true where `tierMap` or `defaultTier` has `system`, got undefined.',
  ],
  [
    '`system` for all',
    { ...hs256, defaultTier: 'system' },
    '`authenticate.jwt.allowSystemTier` must be true where `tierMap` or `defaultTier` has `system`, got undefined.',
  ],
  [
    'much tolerance',
    { ...hs256, clockToleranceSeconds: 301 },
    '`authenticate.jwt.clockToleranceSeconds` must be at most 300, got 301.',
  ],
  [
    'an unknown option',
    { ...hs256, clockToleranceSecs: 5 },
    '`authenticate.jwt.clockToleranceSecs`: unknown option. Did you mean `clockToleranceSeconds`?',
  ],
])('refuses %s', (_what, options, problem) => {
  expect(problemsOf(options)).toEqual([problem]);
});

describe('never shows', () => {
  const privateKey = ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString();

  test.each<[string, unknown, string]>([
    ['a secret in place of the options', secret, secret],
    ['a secret beside other mistakes', { secret, algorithms: ['none'], publicKey }, secret],
    ['a secret of the wrong type', { secret: [secret], algorithms: ['HS256'] }, secret],
    ['a private key', { publicKey: privateKey, algorithms: ['ES256'] }, 'MHcC'],
    ['a private key in a list', { publicKey: [{ key: privateKey }], algorithms: ['ES256'] }, 'MHcC'],
    ['a private key in an object', { publicKey: { key: privateKey }, algorithms: ['ES256'] }, 'MHcC'],
    ['a password in a URL', { ...provider, jwks: { url: 'https://a:hunter2@login.example/' } }, 'hunter2'],
  ])('%s', (_what, options, hidden) => {
    const problems = problemsOf(options);
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain(hidden);
  });
});

test('leaves the options as they were, and takes frozen ones', () => {
  const frozen = Object.freeze({
    ...hs256,
    algorithms: Object.freeze(['HS256'] as const),
    cache: Object.freeze({}),
  });
  expect(problemsOf(frozen)).toEqual([]);
});
