import { describe, expect, test } from '@jest/globals';
import type { Identity } from 'gatewright';
import {
  forged,
  hs256,
  identityIn,
  invalid,
  type JwtOptions,
  refusalIn,
  tokenWith,
  withJwt,
} from './jwt-support.js';

/** Whom a token with these claims stands for. */
async function identityOf(more: Record<string, unknown>, options: Partial<JwtOptions> = {}) {
  const { present } = await withJwt({ ...hs256, ...options });
  return identityIn(await present(tokenWith(more)));
}

/** The answer to a payload that is signed as it is. */
async function answerTo(payload: unknown, options: Partial<JwtOptions> = {}) {
  const { present } = await withJwt({ ...hs256, ...options });
  return refusalIn(await present(forged({ alg: 'HS256' }, payload)));
}

test('makes an identity of the usual claims', async () => {
  expect(
    await identityOf({ iss: 'https://us.example', tier: 'premium', scope: 'kgot:query reports:read' }),
  ).toEqual({
    id: 'alice',
    method: 'jwt',
    issuer: 'https://us.example',
    tier: 'premium',
    permissions: ['kgot:query', 'reports:read'],
    metadata: {},
  });
});

describe('id', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty string', ''],
    ['null', null],
    ['a list', ['alice']],
    ['an object', { name: 'alice' }],
    ['true', true],
    ['a fraction', 1.5],
    ['a number that is not exact', 2 ** 53],
    ['a line feed', 'alice\nbob'],
    ['a NUL', 'alice\u0000'],
    ['a C1 control character', 'alice\u0085'],
    ['a line separator', 'alice\u2028'],
    ['half of a surrogate pair', 'alice\ud800'],
    ['more than any name has', 'a'.repeat(257)],
  ])('refuses a token whose sub is or has %s', async (_what, sub) => {
    expect(await answerTo({ sub, exp: 9_999_999_999 })).toEqual(invalid);
  });

  test.each([['alice'], ['josé'], ['李雷'], ['👩‍💻'], ['a:b|c'], ['a b']])(
    'takes it as it is: %s',
    async (sub) => {
      expect((await identityOf({ sub })).id).toBe(sub);
    },
  );

  test('is the claim that is named, in figures too', async () => {
    expect((await identityOf({ sub: 'x', user_id: 42 }, { claims: { id: 'user_id' } })).id).toBe('42');
    expect((await identityOf({ user: { id: 'bob' } }, { claims: { id: 'user.id' } })).id).toBe('bob');
  });

  test.each(['toString', '__proto__', 'constructor.name', 'sub.length'])('is no %s', async (id) => {
    expect(await answerTo({ sub: 'alice', exp: 9_999_999_999 }, { claims: { id } })).toEqual(invalid);
  });
});

test.each([7, null, ['https://us.example'], 'https://us.example\r\nX: y', ''])(
  'refuses an issuer that is no name: %j',
  async (iss) => {
    expect(await answerTo({ sub: 'alice', iss, exp: 9_999_999_999 })).toEqual(invalid);
  },
);

describe('tier', () => {
  test.each<[string, unknown, string, Partial<JwtOptions>?]>([
    ['one that exists', 'enterprise', 'enterprise'],
    ['none', undefined, 'free'],
    ['an unknown one', 'platinum', 'free'],
    ['an unknown one, with another default', 'platinum', 'basic', { defaultTier: 'basic' }],
    ['one of the prototype', 'toString', 'free'],
    ['a number', 7, 'free'],
    ['an object', { premium: true }, 'free'],
    ['the first of a list that exists', ['x', 7, 'basic', 'premium'], 'basic'],
    ['another name for one', 'gold', 'premium', { tierMap: { gold: 'premium' } }],
    ['another name for one that does not exist', 'gold', 'free', { tierMap: { gold: 'platinum' } }],
    ['a tier that was made another', 'enterprise', 'basic', { tierMap: { enterprise: 'basic' } }],
  ])('%s', async (_what, tier, expected, options = {}) => {
    expect((await identityOf({ tier }, options)).tier).toBe(expected);
  });

  test('a token cannot have the tier `system`', async () => {
    expect((await identityOf({ tier: 'system' })).tier).toBe('free');
    expect((await identityOf({ tier: ['system', 'basic'] })).tier).toBe('basic');
  });

  test('unless that is allowed', async () => {
    expect((await identityOf({ tier: 'system' }, { allowSystemTier: true })).tier).toBe('system');
  });
});

describe('permissions', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['the words of a string', { scope: ' a:b  c:d ' }, ['a:b', 'c:d']],
    ['a list as it is', { permissions: ['a:b', 'team lead keys:write'] }, ['a:b', 'team lead keys:write']],
    [
      'all claims together, each once',
      { scope: 'a:b', permissions: ['c:d', 'a:b'], roles: ['e'] },
      ['a:b', 'c:d', 'e'],
    ],
    ['strings alone', { roles: ['a', 7, null, ['b'], { c: 'd' }, ''] }, ['a']],
    ['nothing of other types', { scope: 7, permissions: { 'a:b': true }, roles: null }, []],
    ['nothing', {}, []],
  ])('%s', async (_what, more, expected) => {
    expect((await identityOf(more)).permissions).toEqual(expected);
  });

  test('come from the claims named: a namespaced one, or one inside another', async () => {
    const claims = { permissions: ['https://us.example/roles', 'realm_access.roles'] };
    const more = { 'https://us.example/roles': ['a'], realm_access: { roles: ['b'] }, scope: 'c' };
    expect((await identityOf(more, { claims })).permissions).toEqual(['a', 'b']);
    expect((await identityOf(more, { claims: { permissions: [] } })).permissions).toEqual([]);
  });
});

describe('metadata', () => {
  test('has the claims that are named and there', async () => {
    const claims = { metadata: ['org', 'plan.seats', 'missing', 'toString', 'org.valueOf'] };
    const { present, seen } = await withJwt({ ...hs256, claims });
    await present(tokenWith({ org: { id: 7 }, plan: { seats: 3 }, email: 'a@b' }));
    expect(Object.entries(seen[0]?.metadata ?? {})).toEqual([
      ['org', { id: 7 }],
      ['plan.seats', 3],
    ]);
  });

  test('cannot change a prototype', async () => {
    const { present, seen } = await withJwt({ ...hs256, claims: { metadata: ['__proto__'] } });
    await present(forged({ alg: 'HS256' }, '{"sub":"alice","exp":9999999999,"__proto__":{"admin":true}}'));
    expect(seen[0]?.metadata['admin']).toBeUndefined();
  });
});

test('an identity cannot be changed, to its depths', async () => {
  const { present, seen } = await withJwt({ ...hs256, claims: { metadata: ['org'] } });
  await present(tokenWith({ scope: 'a:b', org: { names: ['x'] } }));
  const { permissions, metadata } = seen[0] as Identity;
  for (const part of [seen[0], permissions, metadata, metadata['org']])
    expect(Object.isFrozen(part)).toBe(true);
});

test.each<[string, unknown]>([
  ['a string', '"alice"'],
  ['a list', ['alice']],
  ['null', 'null'],
  ['a number', '7'],
  ['no JSON', 'alice'],
  ['nothing but white space', ' '],
  ['bytes that are not UTF-8', Buffer.from('{"sub":"\xff","exp":9999999999}', 'latin1')],
  ['sub twice', '{"sub":"alice","exp":9999999999,"sub":"bob"}'],
  ['exp twice', '{"sub":"alice","exp":1,"exp":9999999999}'],
  ['a claim twice, once escaped', '{"sub":"alice","exp":9999999999,"s\\u0075b":"bob"}'],
  ['a claim twice inside another', '{"sub":"alice","exp":9999999999,"a":[{"b":1,"b":2}]}'],
])('refuses a payload that is or has %s', async (_what, payload) => {
  expect(await answerTo(payload)).toEqual(invalid);
  const { present } = await withJwt(hs256);
  expect(refusalIn(await present(forged({ alg: 'HS256', typ: 'JWT' }, payload)))).toEqual(invalid);
});

test('colons, quotes and brackets inside of strings are no members', async () => {
  const odd = { note: 'a:b "c": {d} \\" \\\\', 'k:"ey"': ['x:y', { 'a:b': ':' }], deep: [[[{ e: {} }]]] };
  expect((await identityOf(odd)).id).toBe('alice');
});
