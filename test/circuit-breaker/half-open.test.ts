import { beforeEach, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

const state = ({ breaker }: Awaited<ReturnType<typeof behindBreaker>>) => breaker.states().get('default');

test('lets nobody through before its time', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(9999);
  expect(await server.answers(200)).toEqual([503]);
  expect(state(server)).toBe('open');
});

test('then lets one request through, and refuses the others at once', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(10_000);
  const probe = await server.hold();
  expect(state(server)).toBe('half-open');
  const others = await Promise.all([1, 2, 3].map(() => send(server.url, '/200')));
  expect(others.map(({ status }) => status)).toEqual([503, 503, 503]);
  expect(others[0]?.headers['retry-after']).toBe('1');
  expect(server.reached()).toBe(6);
  probe.res.end();
  await probe.answer;
  expect(state(server)).toBe('closed');
  expect(await server.answers(200, 200)).toEqual([200, 200]);
});

test('closes at the status of the probe, while the rest of its answer is still on its way', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(10_000);
  (await server.hold()).res.write('the beginning');
  expect(await server.answers(200, 200)).toEqual([200, 200]);
});

test('begins anew when it has closed: former failures are forgotten', async () => {
  const server = await behindBreaker({ windowMs: 10_000, halfOpenAfterMs: 1000 });
  await server.answers(...five);
  clock.advance(1000);
  await server.answers(200, 500, 500, 500);
  expect(state(server)).toBe('closed');
});

test('waits twice as long after each probe that fails, up to the maximum', async () => {
  const server = await behindBreaker({ halfOpenAfterMs: 10_000, maxHalfOpenAfterMs: 60_000 });
  await server.answers(...five);
  clock.advance(10_000);
  for (const wait of [20, 40, 60, 60]) {
    expect(await server.answers(500)).toEqual([500]);
    expect((await send(server.url, '/200')).headers['retry-after']).toBe(String(wait));
    clock.advance(wait * 1000 - 1);
    expect(await server.answers(200)).toEqual([503]);
    clock.advance(1);
  }
});

test('waits as long as at first when it opens again after it had closed', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(10_000);
  await server.answers(500);
  clock.advance(20_000);
  await server.answers(200, ...five, 500);
  expect((await send(server.url, '/200')).headers['retry-after']).toBe('10');
});

test('a probe whose client leaves says nothing, and the next request probes', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(10_000);
  await server.leave();
  await server.leave();
  expect(state(server)).toBe('half-open');
  expect(server.reached()).toBe(7);
  const probe = await server.hold();
  expect(await server.answers(200)).toEqual([503]);
  probe.res.end();
  await probe.answer;
  expect(await server.answers(200)).toEqual([200]);
});

test('a probe that takes the place of one that left can fail, too', async () => {
  const server = await behindBreaker();
  await server.answers(...five);
  clock.advance(10_000);
  await server.leave();
  expect(await server.answers(500, 200)).toEqual([500, 503]);
  expect((await send(server.url, '/200')).headers['retry-after']).toBe('20');
});

test('a request from before it opened has no say in whether it closes', async () => {
  const server = await behindBreaker({ minimumRequests: 1 });
  const old = [await server.hold(), await server.hold()];
  await server.answers(500);
  clock.advance(10_000);
  const probe = await server.hold();
  for (const [at, { res, answer }] of old.entries()) {
    res.writeHead([500, 200][at] as number).end();
    await answer;
    expect(state(server)).toBe('half-open');
  }
  probe.res.end();
  await probe.answer;
  expect(state(server)).toBe('closed');
});
