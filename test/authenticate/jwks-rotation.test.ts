import { expect, jest, test } from '@jest/globals';
import { provider, providerKey, withProvider } from './jwks-support.js';
import { identityIn, invalid, refusalIn, stopClock } from './jwt-support.js';

const a = providerKey('a');
const b = providerKey('b');
const stranger = providerKey('a');

test('asks a provider for its keys when the first token comes, once for all who wait', async () => {
  const there = await provider(a, b);
  const { present } = await withProvider(there.url);
  expect(there.requests).toBe(0);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => present((at % 2 ? a : b).token({ sub: `${at}` }))),
  );
  expect(answers.map((answer) => identityIn(answer).id)).toEqual(answers.map((_, at) => `${at}`));
  expect(there.requests).toBe(1);
});

test('refuses a token signed by somebody else under a name that is known', async () => {
  const there = await provider(a);
  const { present } = await withProvider(there.url);
  expect(refusalIn(await present(stranger.token()))).toEqual(invalid);
  expect(identityIn(await present(a.token())).id).toBe('alice');
  expect(there.requests).toBe(1);
});

test('a new kid is fetched once, and with it goes the key that was withdrawn', async () => {
  const there = await provider(a);
  const { present } = await withProvider(there.url);
  const old = a.token();
  expect(identityIn(await present(old)).id).toBe('alice');
  there.publish(b);
  expect(identityIn(await present(old)).id).toBe('alice');
  const answers = await Promise.all(Array.from({ length: 20 }, () => present(b.token())));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(there.requests).toBe(2);
  expect(refusalIn(await present(old))).toEqual(invalid);
});

test('a key that is there no longer is refused after `cacheTtlMs`, also for a remembered token', async () => {
  stopClock();
  const there = await provider(a, b);
  const { present } = await withProvider(there.url, { cacheTtlMs: 60_000 });
  const token = a.token();
  expect(identityIn(await present(token)).id).toBe('alice');
  there.publish(b);
  jest.advanceTimersByTime(59_999);
  expect(identityIn(await present(token)).id).toBe('alice');
  expect(there.requests).toBe(1);
  jest.advanceTimersByTime(1);
  expect(refusalIn(await present(token))).toEqual(invalid);
  expect(there.requests).toBe(2);
});

test('a key that was replaced under its name does not vouch for old tokens', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { cacheTtlMs: 60_000 });
  const token = a.token();
  await present(token);
  there.publish(stranger);
  jest.advanceTimersByTime(60_000);
  expect(refusalIn(await present(token))).toEqual(invalid);
  expect(identityIn(await present(stranger.token())).id).toBe('alice');
});

test('a key that stays keeps the identities of its tokens', async () => {
  stopClock();
  const there = await provider(a);
  const { present, seen } = await withProvider(there.url, { cacheTtlMs: 60_000 });
  const token = a.token();
  await present(token);
  there.publish(b, a);
  jest.advanceTimersByTime(60_000);
  await present(token);
  expect(there.requests).toBe(2);
  expect(seen[1]).toBe(seen[0]);
});

test('keys without a name will do where there is one for the algorithm', async () => {
  const there = await provider(providerKey(undefined, { alg: 'RS256' }), providerKey('x', { use: 'enc' }));
  const nameless = providerKey(undefined);
  const { present } = await withProvider(there.url);
  there.publish(nameless);
  expect(identityIn(await present(nameless.token())).id).toBe('alice');
  there.publish(providerKey(undefined), nameless);
  const other = await withProvider(there.url);
  expect(refusalIn(await other.present(nameless.token()))).toEqual(invalid);
});
