import { expect, jest, test } from '@jest/globals';
import { jwtSchema } from '../../src/authenticate/jwt-options.js';
import { jwtVerifier } from '../../src/authenticate/jwt-verifier.js';
import { hs256, identityIn, refusal, refusalIn, stopClock, tokenWith, withJwt } from './jwt-support.js';

test('the same token has the very same identity each time', async () => {
  const { present, seen } = await withJwt(hs256);
  const token = tokenWith();
  for (let round = 0; round < 3; round += 1) await present(token);
  expect(new Set(seen).size).toBe(1);
  await present(tokenWith({ sub: 'bob' }));
  expect(seen.map(({ id }) => id)).toEqual(['alice', 'alice', 'alice', 'bob']);
});

test('unless nothing is remembered', async () => {
  const { present, seen } = await withJwt({ ...hs256, cache: false });
  const token = tokenWith();
  for (let round = 0; round < 2; round += 1) await present(token);
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0]).not.toBe(seen[1]);
});

test('no more tokens are remembered than `maxEntries`, those used last', async () => {
  const { present, seen } = await withJwt({ ...hs256, cache: { maxEntries: 2 } });
  const [a, b, c] = ['a', 'b', 'c'].map((sub) => tokenWith({ sub })) as [string, string, string];
  for (const token of [a, b, a, c, a, b]) await present(token);
  const [firstA, firstB, secondA, , thirdA, secondB] = seen;
  expect(secondA).toBe(firstA);
  expect(thirdA).toBe(firstA);
  expect(secondB).toEqual(firstB);
  expect(secondB).not.toBe(firstB);
});

test('a remembered token is refused once it has expired', async () => {
  stopClock();
  const { present } = await withJwt(hs256);
  const token = tokenWith({ exp: Math.floor(Date.now() / 1000) + 60 });
  for (let round = 0; round < 3; round += 1) expect(identityIn(await present(token)).id).toBe('alice');
  jest.advanceTimersByTime(60_000);
  for (let round = 0; round < 3; round += 1) {
    expect(refusalIn(await present(token))).toEqual(refusal('Token expired'));
  }
});

test('a remembered token does not vouch for one that begins the same', async () => {
  const { present } = await withJwt(hs256);
  const token = tokenWith();
  await present(token);
  const [header, payload, signature = ''] = token.split('.');
  for (const forgery of [`${header}.${payload}.`, `${header}.${payload}.${signature.slice(1)}`]) {
    expect((await present(forgery)).status).toBe(401);
  }
});

test('a refusal is not remembered: a token that was early is accepted when its time has come', async () => {
  stopClock();
  const { present } = await withJwt(hs256);
  const now = Math.floor(Date.now() / 1000);
  const token = tokenWith({ nbf: now + 5, exp: now + 60 });
  expect(refusalIn(await present(token))).toEqual(refusal('Token not yet valid'));
  jest.advanceTimersByTime(5000);
  expect(identityIn(await present(token)).id).toBe('alice');
});

test('a token is known once it has been valid, and others are not', () => {
  const verify = jwtVerifier(jwtSchema.parse(hs256));
  const request = (authorization?: string) => ({ headers: { authorization } }) as never;
  const token = tokenWith();
  const forgery = tokenWith({}, 'another-secret-another-secret-another-secret');
  expect(verify.isKnown(request(`Bearer ${token}`))).toBe(false);
  for (const each of [token, forgery]) verify(request(`Bearer ${each}`), {} as never);
  expect(verify.isKnown(request(`Bearer ${token}`))).toBe(true);
  for (const other of [`Bearer ${forgery}`, 'Bearer gw_1', token, undefined]) {
    expect(verify.isKnown(request(other))).toBe(false);
  }
});
