import { expect, test } from '@jest/globals';
import { type Arbitrary, array, assert, asyncProperty, constant, integer, oneof, tuple } from 'fast-check';
import { behindBreaker, fakeClock } from './support.js';

type Step = readonly ['wait', number] | readonly ['ask', number] | readonly ['leave', number];

const step: Arbitrary<Step> = oneof(
  tuple(constant('wait' as const), integer({ min: 1, max: 30_000 })),
  tuple(constant('ask' as const), integer({ min: 1, max: 6 })),
  tuple(constant('leave' as const), constant(1)),
);

/** When a breaker that never sees a success lets a probe through, written down once more and simply. */
class Model {
  waitMs = 1000;
  dueAt: number;
  constructor(now: number) {
    this.dueAt = now + this.waitMs;
  }

  isDue(now: number): boolean {
    return now >= this.dueAt;
  }

  ask(now: number): boolean {
    if (!this.isDue(now)) return false;
    this.waitMs = Math.min(this.waitMs * 2, 8000);
    this.dueAt = now + this.waitMs;
    return true;
  }
}

/** Does what a step says, and gives how many requests the upstream must have got. */
async function carryOut(
  [what, amount]: Step,
  server: Awaited<ReturnType<typeof behindBreaker>>,
  model: Model,
  clock: ReturnType<typeof fakeClock>,
): Promise<number> {
  if (what === 'wait') clock.advance(amount);
  if (what === 'leave' && model.isDue(Date.now())) {
    // Its client leaves: the place is free again, and nothing else has changed.
    await server.leave();
    return 1;
  }
  let probes = 0;
  for (let at = 0; what === 'ask' && at < amount; at += 1) {
    const isProbe = model.ask(Date.now());
    expect(await server.answers(500)).toEqual([isProbe ? 500 : 503]);
    if (isProbe) probes += 1;
  }
  return probes;
}

test('a dead upstream gets the probes while it is open, and nothing else', async () => {
  const clock = fakeClock();
  await assert(
    asyncProperty(array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const server = await behindBreaker({
        breaker: 'consecutive',
        consecutiveFailures: 1,
        halfOpenAfterMs: 1000,
        maxHalfOpenAfterMs: 8000,
      });
      await server.answers(500);
      const model = new Model(Date.now());
      let probes = 0;
      for (const each of steps) probes += await carryOut(each, server, model, clock);
      expect(server.reached()).toBe(1 + probes);
    }),
    { numRuns: process.env['SOAK'] ? 500 : 30 },
  );
});

test('a crowd that comes at the moment when it may be tried sends one request', async () => {
  const clock = fakeClock();
  const { answers, url, hold, reached } = await behindBreaker();
  await answers(500, 500, 500, 500, 500);
  clock.advance(10_000);
  const crowd = Array.from({ length: 50 }, () => fetch(`${url}/500`).then(({ status }) => status));
  const statuses = await Promise.all(crowd);
  expect(statuses.filter((status) => status === 500)).toHaveLength(1);
  expect(reached()).toBe(6);
  clock.advance(20_000);
  await hold();
  expect(reached()).toBe(7);
});
