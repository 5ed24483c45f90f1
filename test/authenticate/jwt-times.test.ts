import { describe, expect, jest, test } from '@jest/globals';
import {
  forged,
  hs256,
  identityIn,
  invalid,
  refusal,
  refusalIn,
  stopClock,
  tokenWith,
  withJwt,
} from './jwt-support.js';

const now = Date.UTC(2030, 0, 1) / 1000;
const expired = refusal('Token expired');
const early = refusal('Token not yet valid');

describe.each([
  ['each time anew', false],
  ['remembered', {}],
] as const)('%s', (_how, cache) => {
  const options = { ...hs256, cache };

  test('a token works until the very second of `exp`', async () => {
    stopClock(now * 1000);
    const { present } = await withJwt(options);
    const token = tokenWith({ exp: now + 10 });
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.advanceTimersByTime(9999);
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.advanceTimersByTime(1);
    expect(refusalIn(await present(token))).toEqual(expired);
  });

  test('and of a fraction of it', async () => {
    stopClock(now * 1000);
    const { present } = await withJwt(options);
    const token = tokenWith({ exp: now + 0.5 });
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.advanceTimersByTime(500);
    expect(refusalIn(await present(token))).toEqual(expired);
  });

  test('from the very second of `nbf`, also where the clock is put back', async () => {
    stopClock((now - 1) * 1000);
    const { present } = await withJwt(options);
    const token = tokenWith({ nbf: now, exp: now + 60 });
    expect(refusalIn(await present(token))).toEqual(early);
    jest.setSystemTime(now * 1000);
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.setSystemTime(now * 1000 - 1);
    expect(refusalIn(await present(token))).toEqual(early);
  });

  test('`clockToleranceSeconds` moves both edges, and no further', async () => {
    stopClock((now - 6) * 1000);
    const { present } = await withJwt({ ...options, clockToleranceSeconds: 5 });
    const token = tokenWith({ nbf: now, exp: now + 10 });
    expect(refusalIn(await present(token))).toEqual(early);
    jest.setSystemTime((now - 5) * 1000);
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.setSystemTime((now + 15) * 1000 - 1);
    expect(identityIn(await present(token)).id).toBe('alice');
    jest.setSystemTime((now + 15) * 1000);
    expect(refusalIn(await present(token))).toEqual(expired);
  });
});

test('refuses a token without `exp`, unless it need not have one', async () => {
  const token = tokenWith({ exp: undefined });
  expect(refusalIn(await (await withJwt(hs256)).present(token))).toEqual(invalid);
  const { present } = await withJwt({ ...hs256, requireExpiry: false });
  expect(identityIn(await present(token)).id).toBe('alice');
  expect(refusalIn(await present(tokenWith({ exp: 1 })))).toEqual(expired);
});

test.each(['"9999999999"', 'null', 'true', '[9999999999]', '{}', '1e999', '"never"', '-1e999'])(
  'refuses a token whose `exp` is %s',
  async (exp) => {
    for (const requireExpiry of [true, false]) {
      const { present } = await withJwt({ ...hs256, requireExpiry });
      const { status } = await present(forged({ alg: 'HS256' }, `{"sub":"alice","exp":${exp}}`));
      expect(status).toBe(401);
    }
  },
);

test.each(['"1"', 'null', 'true', '[1]', '1e999', '-1e999'])(
  'refuses a token whose `nbf` is %s',
  async (nbf) => {
    const { present } = await withJwt(hs256);
    const { status } = await present(
      forged({ alg: 'HS256' }, `{"sub":"alice","exp":9999999999,"nbf":${nbf}}`),
    );
    expect(status).toBe(401);
  },
);

describe('issuer and audience', () => {
  const options = { ...hs256, issuer: ['https://a.example', 'https://b.example'], audience: 'api' };

  test.each<[string, Record<string, unknown>]>([
    ['the first issuer', { iss: 'https://a.example', aud: 'api' }],
    ['the second issuer', { iss: 'https://b.example', aud: 'api' }],
    ['one audience of several', { iss: 'https://b.example', aud: ['web', 'api'] }],
  ])('accepts %s', async (_which, more) => {
    const { present } = await withJwt(options);
    expect(identityIn(await present(tokenWith(more)))).toMatchObject({ id: 'alice', issuer: more['iss'] });
  });

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://c.example', aud: 'api' }],
    ['an issuer that begins the same', { iss: 'https://a.example.evil.example', aud: 'api' }],
    ['an issuer that differs in a slash', { iss: 'https://a.example/', aud: 'api' }],
    ['an issuer in a list', { iss: ['https://a.example'], aud: 'api' }],
    ['no issuer', { aud: 'api' }],
    ['another audience', { iss: 'https://a.example', aud: 'web' }],
    ['an audience that holds it', { iss: 'https://a.example', aud: 'api web' }],
    ['an audience in another case', { iss: 'https://a.example', aud: 'API' }],
    ['an audience in an object', { iss: 'https://a.example', aud: { api: 'api' } }],
    ['an empty list of audiences', { iss: 'https://a.example', aud: [] }],
    ['no audience', { iss: 'https://a.example' }],
  ])('refuses %s', async (_which, more) => {
    const { present } = await withJwt(options);
    expect(
      refusalIn(await present(forged({ alg: 'HS256' }, { sub: 'alice', exp: 9_999_999_999, ...more }))),
    ).toEqual(invalid);
  });

  test('are not looked at where any will do', async () => {
    const { present } = await withJwt({ ...hs256, issuer: false, audience: false });
    expect(identityIn(await present(tokenWith({ iss: 'x', aud: 'y' }))).issuer).toBe('x');
  });
});
