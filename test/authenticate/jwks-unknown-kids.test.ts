import { expect, jest, test } from '@jest/globals';
import { provider, providerKey, withProvider } from './jwks-support.js';
import { ec, identityIn, invalid, refusalIn, stopClock } from './jwt-support.js';

const a = providerKey('a');
const b = providerKey('b');
const invented = (at: number) => providerKey(`invented-${at}`, {}, ec).token();

test('invented kids cannot hammer a provider', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { requestsPerMinute: 5 });
  for (let at = 0; at < 50; at += 1) expect(refusalIn(await present(invented(at)))).toEqual(invalid);
  expect(there.requests).toBe(5);
  await Promise.all(Array.from({ length: 50 }, (_, at) => present(invented(at))));
  expect(there.requests).toBe(5);
  jest.advanceTimersByTime(60_000);
  for (let at = 50; at < 100; at += 1) await present(invented(at));
  expect(there.requests).toBe(10);
});

test('nor keep known keys from working, or from being renewed', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { requestsPerMinute: 5, cacheTtlMs: 60_000 });
  for (let second = 0; second < 300; second += 6) {
    for (let at = 0; at < 3; at += 1) await present(invented(second + at));
    expect(identityIn(await present(a.token())).id).toBe('alice');
    jest.advanceTimersByTime(6000);
  }
});

test('nor keep a real new kid out for longer than the limit makes it wait', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { requestsPerMinute: 5 });
  for (let at = 0; at < 50; at += 1) await present(invented(at));
  there.publish(a, b);
  expect(refusalIn(await present(b.token()))).toEqual(invalid);
  jest.advanceTimersByTime(12_000);
  await present(invented(99));
  expect(identityIn(await present(b.token())).id).toBe('alice');
});

test('an unknown kid is asked for once in `cooldownMs`', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { cooldownMs: 20_000 });
  const token = b.token();
  for (let round = 0; round < 10; round += 1) expect(refusalIn(await present(token))).toEqual(invalid);
  expect(there.requests).toBe(1);
  there.publish(a, b);
  jest.advanceTimersByTime(19_999);
  expect(refusalIn(await present(token))).toEqual(invalid);
  jest.advanceTimersByTime(1);
  expect(identityIn(await present(token)).id).toBe('alice');
  expect(there.requests).toBe(2);
});

test('nothing is asked for a token that is refused by its header', async () => {
  const there = await provider(a);
  const { present } = await withProvider(there.url);
  const [, payload, signature] = a.token().split('.');
  for (const more of [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'ES384' },
    { jku: 'https://x.example' },
    { kid: 7 },
  ]) {
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'z', ...more })).toString('base64url');
    expect(refusalIn(await present(`${header}.${payload}.${signature}`))).toEqual(invalid);
  }
  expect(there.requests).toBe(0);
});
