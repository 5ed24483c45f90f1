import { beforeEach, expect, test } from '@jest/globals';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

const times = (count: number, status: number): number[] => Array<number>(count).fill(status);

test('by failures in a row: a success in between begins anew', async () => {
  const { answers } = await behindBreaker({ breaker: 'consecutive', consecutiveFailures: 3 });
  expect(await answers(500, 500, 200, 500, 500, 404, 500, 500)).not.toContain(503);
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test('by failures in a row: they count however long ago they were', async () => {
  const { answers } = await behindBreaker({ breaker: 'consecutive', consecutiveFailures: 2 });
  await answers(500);
  clock.advance(3_600_000);
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test('by the share of the latest requests, however long ago they were', async () => {
  const { answers } = await behindBreaker({ breaker: 'count', windowRequests: 10, minimumRequests: 10 });
  expect(await answers(...times(5, 200), ...times(5, 500))).not.toContain(503);
  clock.advance(3_600_000);
  // The oldest of the ten, a success, makes room.
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test('by the share of the latest requests: not before the minimum of them', async () => {
  const { answers } = await behindBreaker({ breaker: 'count', windowRequests: 100, minimumRequests: 4 });
  expect(await answers(500, 500, 500, 500, 200)).toEqual([500, 500, 500, 500, 503]);
});

test.each<CircuitBreakerOptions>([
  { breaker: 'consecutive', consecutiveFailures: 3 },
  { breaker: 'count', windowRequests: 10, minimumRequests: 3 },
])('%o closes after a probe that succeeds, and has forgotten what failed', async (options) => {
  const { answers, breaker } = await behindBreaker(options);
  await answers(500, 500, 500);
  expect(breaker.states().get('default')).toBe('open');
  clock.advance(10_000);
  expect(await answers(200, 500, 200)).toEqual([200, 500, 200]);
});

test('waits by a factor of one’s own', async () => {
  const { url, answers } = await behindBreaker({ halfOpenAfterMs: 1000, backoffFactor: 1 });
  await answers(...five);
  for (let at = 0; at < 4; at += 1) {
    clock.advance(1000);
    await answers(500);
    expect((await send(url, '/200')).headers['retry-after']).toBe('1');
  }
});

test('lets as many probes through as it is told, and nobody else', async () => {
  const { answers, hold, breaker, reached } = await behindBreaker({ halfOpenProbes: 3 });
  await answers(...five);
  clock.advance(10_000);
  const probes = [await hold(), await hold(), await hold()];
  expect(await answers(200, 200)).toEqual([503, 503]);
  expect(reached()).toBe(8);
  for (const { res, answer } of probes) {
    expect(breaker.states().get('default')).toBe('half-open');
    res.end();
    await answer;
  }
  expect(await answers(200)).toEqual([200]);
});

test('one of several probes that fails opens it, and the others say nothing more', async () => {
  const { answers, hold, breaker } = await behindBreaker({ halfOpenProbes: 3 });
  await answers(...five);
  clock.advance(10_000);
  const [first, second, third] = [await hold(), await hold(), await hold()];
  second.res.writeHead(500).end();
  await second.answer;
  expect(breaker.states().get('default')).toBe('open');
  for (const { res, answer } of [first, third]) {
    res.end();
    await answer;
  }
  expect(breaker.states().get('default')).toBe('open');
  clock.advance(19_999);
  expect(await answers(200)).toEqual([503]);
});

test('places of several probes whose clients left are taken by the next requests', async () => {
  const { answers, hold, leave, breaker } = await behindBreaker({ halfOpenProbes: 2 });
  await answers(...five);
  clock.advance(10_000);
  for (let at = 0; at < 5; at += 1) await leave();
  const probes = [await hold(), await hold()];
  expect(await answers(200)).toEqual([503]);
  for (const { res, answer } of probes) {
    res.end();
    await answer;
  }
  expect(breaker.states().get('default')).toBe('closed');
});

test('a clock that is put back keeps nobody out', async () => {
  const { answers } = await behindBreaker();
  await answers(...five);
  clock.advance(-3_600_000);
  expect(await answers(200, 200)).toEqual([200, 200]);
});

test.each<[string, CircuitBreakerOptions, string]>([
  ['a kind that there is not', { breaker: 'other' as 'count' }, 'circuitBreaker.breaker'],
  ['no failures in a row', { consecutiveFailures: 0 }, 'circuitBreaker.consecutiveFailures'],
  [
    'a minimum beyond the window',
    { breaker: 'count', windowRequests: 4 },
    '`circuitBreaker.minimumRequests` must not be more than `windowRequests`, got undefined',
  ],
  ['a factor that shrinks', { backoffFactor: 0.5 }, 'circuitBreaker.backoffFactor'],
  ['no probes', { halfOpenProbes: 0 }, 'circuitBreaker.halfOpenProbes'],
  ['an option that there is not', { failureRate: 0.1 } as object, 'Did you mean `failureRatio`?'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => circuitBreaker(options)).toThrow(message);
});
