import { beforeEach, describe, expect, test } from '@jest/globals';
import { mounts, send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

describe.each(mounts)('%s', (_name, mount) => {
  test('opens around a handler of the user’s, and answers for it', async () => {
    const { url, answers, reached } = await behindBreaker({ name: 'kgot' }, { mount });
    expect(await answers(...five)).toEqual(five);
    const answer = await send(url, '/200');
    expect(answer).toMatchObject({
      status: 503,
      body: '{"error":"Service temporarily unavailable","service":"kgot"}',
    });
    expect(answer.headers['retry-after']).toBe('10');
    expect(reached()).toBe(5);
  });
});

test('does not open before the minimum of requests', async () => {
  const { answers } = await behindBreaker({ minimumRequests: 7 });
  expect(await answers(500, 500, 500, 500, 500, 500)).not.toContain(503);
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test.each([3, 5, 7, 11])(
  'takes the minimum of %d requests at its word in a window of odd length',
  async (minimum) => {
    const { answers } = await behindBreaker({ minimumRequests: minimum, windowMs: 3333 });
    expect(await answers(...Array<number>(minimum).fill(500), 200)).toEqual([
      ...Array<number>(minimum).fill(500),
      503,
    ]);
  },
);

test('opens when more than the share of requests fails, not at the share itself', async () => {
  const { answers } = await behindBreaker({ failureRatio: 0.5 });
  await answers(200, 200, 200, 200, 200, ...five);
  expect(await answers(200, 500, 500, 200)).toEqual([200, 500, 500, 503]);
});

test('counts the requests of the window, and none that are older', async () => {
  const { answers } = await behindBreaker({ windowMs: 10_000 });
  for (let at = 0; at < 20; at += 1) {
    expect(await answers(500)).toEqual([500]);
    clock.advance(3000);
  }
  expect(await answers(500, 200)).toEqual([500, 200]);
});

test('forgets old successes, too', async () => {
  const { answers } = await behindBreaker({ windowMs: 10_000 });
  await answers(...Array<number>(20).fill(200));
  clock.advance(10_001);
  expect(await answers(...five, 200)).toEqual([...five, 503]);
});

test('says how long to wait, in whole seconds, rounded up', async () => {
  const { url, answers } = await behindBreaker();
  await answers(...five);
  const retryAfter = async () => (await send(url, '/200')).headers['retry-after'];
  clock.advance(3500);
  expect(await retryAfter()).toBe('7');
  clock.advance(6499);
  expect(await retryAfter()).toBe('1');
});

test.each([400, 401, 404, 429, 499, 304])('takes %d for no failure', async (status) => {
  const { answers } = await behindBreaker();
  expect(await answers(...Array<number>(10).fill(status), 200)).toEqual([
    ...Array<number>(10).fill(status),
    200,
  ]);
});

test('takes clients that leave for no failures', async () => {
  const { answers, leave } = await behindBreaker();
  for (let at = 0; at < 10; at += 1) await leave();
  expect(await answers(200)).toEqual([200]);
});

test('takes clients that leave for no successes', async () => {
  const { answers, leave } = await behindBreaker();
  await answers(500, 500, 500, 500);
  for (let at = 0; at < 10; at += 1) await leave();
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test('takes an answer that breaks before its headers for a failure', async () => {
  const { answers, hold } = await behindBreaker();
  for (let at = 0; at < 5; at += 1) {
    const { res, context, answer } = await hold();
    context.outcome.fail(new Error('upstream reset'));
    res.destroy();
    await expect(answer).rejects.toThrow();
  }
  expect(await answers(200)).toEqual([503]);
});

test('judges by the status, while the rest of the answer is still on its way', async () => {
  const { answers, hold } = await behindBreaker();
  for (let at = 0; at < 5; at += 1) (await hold()).res.writeHead(500).write('the beginning');
  expect(await answers(200)).toEqual([503]);
});
