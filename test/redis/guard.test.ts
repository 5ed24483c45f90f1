import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { RedisGuard, RedisUnavailable } from '../../src/redis/guard.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);
const broken = () => Promise.reject(new Error('broken'));

/** A guard whose probe does not answer, and what it tells. */
function guarded(probe: () => Promise<unknown> = never) {
  const told: boolean[] = [];
  const guard = new RedisGuard({
    timeoutMs: 100,
    probe,
    probeEveryMs: 50,
    onChange: (available) => told.push(available),
  });
  const fail = async () => {
    for (let turn = 0; turn < 3; turn += 1) await expect(guard.run(broken)).rejects.toThrow('broken');
  };
  return { guard, told, fail };
}

test('a call that is waited for keeps no process alive', async () => {
  jest.useRealTimers();
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const { guard } = guarded();
  const call = guard.run(never);
  await Promise.resolve();
  const timer = timers.mock.results[0]?.value as NodeJS.Timeout;
  expect(timer.hasRef()).toBe(false);
  timers.mockRestore();
  await expect(call).rejects.toBeInstanceOf(RedisUnavailable);
});

test('closing ends a probe that runs', async () => {
  const { guard, fail } = guarded();
  await fail();
  await jest.advanceTimersByTimeAsync(60);
  expect(jest.getTimerCount()).toBe(2); // The next probe, and the time-out of this one.
  guard.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('a probe that gets through after closing tells nobody', async () => {
  let answer: (value: unknown) => void = () => undefined;
  const { guard, told, fail } = guarded(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await fail();
  await jest.advanceTimersByTimeAsync(60);
  guard.close();
  answer('PONG');
  await jest.advanceTimersByTimeAsync(0);
  expect(told).toEqual([false]);
});

test('calls that fail after closing begin no probes', async () => {
  const { guard, told, fail } = guarded();
  guard.close();
  await fail();
  expect(jest.getTimerCount()).toBe(0);
  expect(told).toEqual([]);
});

test('is tried again when a probe gets through', async () => {
  const { guard, told, fail } = guarded(() => Promise.resolve('PONG'));
  await fail();
  await expect(guard.run(() => Promise.resolve(1))).rejects.toBeInstanceOf(RedisUnavailable);
  await jest.advanceTimersByTimeAsync(60);
  expect(told).toEqual([false, true]);
  expect(await guard.run(() => Promise.resolve(1))).toBe(1);
  expect(jest.getTimerCount()).toBe(0);
});
