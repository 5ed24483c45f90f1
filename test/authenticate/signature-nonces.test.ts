import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import {
  deliver,
  edited,
  guarded,
  keys,
  MemoryNonceStore,
  refusalOf,
  secret,
  setClock,
  signed,
} from './signature-support.js';

const used = [401, 'Signature already used'];

/** A clock for what passes, which only the test moves. */
function stopwatch() {
  let at = 1000;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => at);
  cleanup(() => clock.mockRestore());
  return {
    passes(ms: number) {
      at += ms;
    },
  };
}

describe('a signed request', () => {
  test('counts once', async () => {
    const { url } = await guarded();
    const sent = signed(url, '/', { body: 'x' });
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
    for (let time = 0; time < 3; time += 1) expect(refusalOf(await deliver(url, sent))).toEqual(used);
    expect(await deliver(url, signed(url, '/', { body: 'x' }))).toMatchObject({ status: 200 });
  });

  test('counts once, sent many times at once', async () => {
    const { url } = await guarded();
    const sent = signed(url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(url, sent)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  test('may not have the nonce of another one, whatever else it has', async () => {
    const { url } = await guarded();
    expect(await deliver(url, signed(url, '/a', { nonce: 'n' }))).toMatchObject({ status: 200 });
    expect(refusalOf(await deliver(url, signed(url, '/b', { nonce: 'n', body: 'x' })))).toEqual(used);
  });

  test('may have the nonce of another key’s', async () => {
    const { url } = await guarded();
    expect(await deliver(url, signed(url, '/', { nonce: 'n' }))).toMatchObject({ status: 200 });
    const bob = { keyId: 'bob', secret: keys.bob.secret, nonce: 'n' };
    expect(await deliver(url, signed(url, '/', bob))).toMatchObject({ status: 200 });
  });

  test.each([
    [
      'without a nonce',
      (input: string) => input.replace(/;nonce="[^"]*"/, ''),
      'Signature must have a nonce',
    ],
    [
      'with an empty one',
      (input: string) => input.replace(/nonce="[^"]*"/, 'nonce=""'),
      'Malformed signature',
    ],
    [
      'with one that is no string',
      (input: string) => input.replace(/nonce="[^"]*"/, 'nonce=17'),
      'Malformed signature',
    ],
    [
      'with one that is too long',
      (input: string) => input.replace(/nonce="/, `nonce="${'n'.repeat(256)}`),
      'Malformed signature',
    ],
  ])('%s is refused', async (_name, change, message) => {
    const { url } = await guarded();
    expect(refusalOf(await deliver(url, edited(signed(url), 'Signature-Input', change)))).toEqual([
      401,
      message,
    ]);
  });
});

describe('a nonce', () => {
  test('is remembered for as long as the signature could be valid', async () => {
    const remember = jest.fn((_key: string, _ttlMs: number) => true);
    const { url } = await guarded({ nonces: { remember }, maxSkewSeconds: 60 });
    await deliver(url, signed(url, '/', { nonce: 'secret-ish' }));
    expect(remember).toHaveBeenCalledTimes(1);
    const [key, ttlMs] = remember.mock.calls[0] as [string, number];
    expect(ttlMs).toBe(120_000);
    expect(key).toMatch(/^[\w-]{43}$/);
  });

  test('is remembered once the signature is verified, and not before', async () => {
    const remember = jest.fn(() => true);
    const { url } = await guarded({ nonces: { remember } });
    await deliver(url, signed(url, '/', { secret: secret.toUpperCase() }));
    await deliver(url, signed(url, '/', { keyId: 'mallory' }));
    await deliver(
      url,
      edited(signed(url), 'Signature', () => 'sig1=:AAAA:'),
    );
    await deliver(url, signed(url, '/', { created: 1 }));
    expect(remember).not.toHaveBeenCalled();
  });

  test('of a clock that is fast can’t be used when others have caught up', async () => {
    const now = 1_750_000_000;
    const watch = stopwatch();
    const { url } = await guarded();
    const sent = signed(url, '/', { created: now + 300 });
    setClock(now);
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
    setClock(now + 600);
    watch.passes(600_000 - 1);
    expect(refusalOf(await deliver(url, sent))).toEqual(used);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('lost');
      },
    ],
    ['rejects', () => Promise.reject(new Error('lost'))],
  ])('in a store that %s: 503', async (_name, remember) => {
    const { url } = await guarded({ nonces: { remember } });
    const answer = await deliver(url, signed(url));
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
  });
});

describe('the memory store', () => {
  test('remembers for the time it is told, and forgets by and by', () => {
    const watch = stopwatch();
    const store = new MemoryNonceStore();
    expect([store.remember('a', 600), store.remember('a', 600)]).toEqual([true, false]);
    watch.passes(599);
    expect([store.remember('a', 600), store.remember('b', 600)]).toEqual([false, true]);
    watch.passes(202);
    expect([store.remember('a', 600), store.remember('b', 600)]).toEqual([true, false]);
    watch.passes(10_000_000);
    expect(store.remember('b', 600)).toBe(true);
    expect(store.size).toBe(1);
  });

  test('never forgets one in its time, whenever it came', () => {
    const watch = stopwatch();
    const store = new MemoryNonceStore();
    const until = new Map<string, number>();
    for (let at = 0; at < 20_000; at += 7) {
      const key = randomUUID();
      expect(store.remember(key, 600)).toBe(true);
      until.set(key, at + 600);
      for (const [old, end] of until) {
        if (end <= at) until.delete(old);
        else if (old.startsWith('0')) expect(store.remember(old, 600)).toBe(false);
      }
      watch.passes(7);
    }
    expect(store.size).toBeLessThanOrEqual((600 / 7) * (4 / 3) + 2);
  });

  test('is bounded, and refuses what it has no room for', async () => {
    const watch = stopwatch();
    const nonces = new MemoryNonceStore({ maxNonces: 3 });
    const { url } = await guarded({ nonces });
    const statuses = async () => (await deliver(url, signed(url))).status;
    expect([await statuses(), await statuses(), await statuses()]).toEqual([200, 200, 200]);
    expect([await statuses(), await statuses(), nonces.size]).toEqual([503, 503, 3]);
    watch.passes(800_001);
    expect([await statuses(), nonces.size]).toEqual([200, 1]);
  });

  test('that is full knows those that it has', () => {
    const store = new MemoryNonceStore({ maxNonces: 1 });
    expect([store.remember('a', 600), store.remember('a', 600)]).toEqual([true, false]);
    expect(() => store.remember('b', 600)).toThrow('No room for more than 1 nonces');
  });

  test('has no timer', () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const intervals = jest.spyOn(globalThis, 'setInterval');
    cleanup(() => jest.restoreAllMocks());
    const store = new MemoryNonceStore();
    for (let each = 0; each < 100; each += 1) store.remember(String(each), 600);
    expect([timers.mock.calls.length, intervals.mock.calls.length]).toEqual([0, 0]);
  });
});
