import { expect, test } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import { bulkhead } from 'gatewright/bulkhead';
import { type CallOutcome, circuitBreaker } from 'gatewright/circuit-breaker';
import { proxyRouter } from 'gatewright/proxy-router';
import { contextOf } from '../../src/core/context.js';
import { cleanup, send, serve } from '../helpers.js';
import { behindBreaker, fakeClock, five, recorder, settled } from './support.js';

test('a function of the user’s says what is a failure', async () => {
  fakeClock();
  const { answers } = await behindBreaker({ isFailure: ({ status }) => status === 429 });
  expect(await answers(...five, ...five, 429, 429, 429)).not.toContain(503);
  await answers(...Array<number>(10).fill(429));
  expect(await answers(200)).toEqual([503]);
});

test('is told how a request ended', async () => {
  const calls: CallOutcome[] = [];
  const { url } = await behindBreaker(
    { isFailure: (call) => calls.push(call) < 0 },
    { handler: (_req, res) => res.writeHead(418, { 'X-Fault': 'mine' }).end() },
  );
  await send(url, '/tea');
  expect(calls).toMatchObject([{ status: 418, failure: undefined, durationMs: expect.any(Number) }]);
  expect(calls[0]?.req.url).toBe('/tea');
});

test('the default decides where that function throws, and it is logged', async () => {
  fakeClock();
  const logger = recorder();
  const isFailure = () => {
    throw new Error('broken');
  };
  const { answers } = await behindBreaker({ isFailure, logger });
  expect(await answers(...five, 200)).toEqual([...five, 503]);
  expect(logger.error).toHaveBeenCalledWith('`isFailure` threw', { key: 'default', error: 'Error: broken' });
});

test('the default decides where that function gives a promise, which would be a yes each time', async () => {
  const logger = recorder();
  const isFailure = (() => Promise.reject(new Error('broken'))) as never;
  const { answers } = await behindBreaker({ isFailure, logger, minimumRequests: 1 });
  expect(await answers(200, 200)).toEqual([200, 200]);
  expect(logger.error).toHaveBeenCalledTimes(2);
});

test('a request without a status for too long has failed, also if its client leaves or it succeeds later', async () => {
  const clock = fakeClock({ timers: true });
  const { answers, hold, breaker } = await behindBreaker({ slowCallMs: 2000 });
  const calls = [await hold(), await hold(), await hold(), await hold(), await hold()];
  clock.advance(1999);
  await settled();
  expect(breaker.states().get('default')).toBe('closed');
  clock.advance(1);
  await settled();
  expect(breaker.states().get('default')).toBe('open');
  for (const { res, answer } of calls) {
    res.end();
    await answer;
  }
  expect(await answers(200)).toEqual([503]);
});

test('a request whose status comes in time has not failed, however long its answer is', async () => {
  const clock = fakeClock({ timers: true });
  const { answers, hold } = await behindBreaker({ slowCallMs: 2000, minimumRequests: 1 });
  const { res } = await hold();
  res.write('the beginning');
  clock.advance(60_000);
  await settled();
  expect(await answers(200)).toEqual([200]);
});

test('a probe without a status for too long has failed', async () => {
  const clock = fakeClock({ timers: true });
  const { answers, hold, breaker } = await behindBreaker({ probeTimeoutMs: 5000 });
  await answers(...five);
  clock.advance(10_000);
  await hold();
  clock.advance(5000);
  await settled();
  expect(breaker.states().get('default')).toBe('open');
  clock.advance(20_000);
  expect(await answers(200, 200)).toEqual([200, 200]);
});

test('an answer that is cut after its header fields is told apart, and is no failure', async () => {
  const events = new GatewayEvents();
  const cuts: string[] = [];
  events.on('cut', ({ key }) => cuts.push(key));
  const { answers, hold } = await behindBreaker({ events, minimumRequests: 1 });
  const { res, context, answer } = await hold();
  res.write('the beginning');
  context.outcome.fail(new Error('upstream reset'));
  res.destroy();
  await expect(answer).rejects.toThrow();
  expect(cuts).toEqual(['default']);
  expect(await answers(200)).toEqual([200]);
});

test('a client that leaves in the middle of an answer is no cut', async () => {
  const events = new GatewayEvents();
  const cuts: string[] = [];
  events.on('cut', ({ key }) => cuts.push(key));
  const { hold } = await behindBreaker({ events });
  const { res, context } = await hold();
  res.write('the beginning');
  res.destroy();
  await new Promise<void>((resolve) => context.outcome.onEnd(() => resolve()));
  expect(cuts).toEqual([]);
});

test('a target that cannot be reached is a failure, whatever the user answers', async () => {
  fakeClock();
  const router = proxyRouter({
    services: { '/kgot': { targets: ['http://127.0.0.1:1'], ejection: false, retries: false } },
    onError: (_error, _req, res) => void res.writeHead(200).end('never mind'),
  });
  cleanup(() => router.close());
  const { url, breaker } = await behindBreaker(
    {},
    { handler: (req, res) => router(req, res, () => res.end()) },
  );
  for (let at = 0; at < 5; at += 1) expect((await send(url, '/kgot')).body).toBe('never mind');
  expect(breaker.states().get('default')).toBe('open');
});

test('a body that is too long for the proxy says nothing about the upstream, not even in a probe', async () => {
  const clock = fakeClock();
  let status = 500;
  const upstream = await serve((req, res) => {
    req.resume();
    res.writeHead(status).end();
  });
  const router = proxyRouter({ services: { '/': { targets: [upstream.url], maxBodyBytes: 10 } } });
  cleanup(() => router.close());
  const { url, breaker } = await behindBreaker(
    {},
    { handler: (req, res) => router(req, res, () => res.end()) },
  );
  const ask = async (body: string) => (await send(url, '/', { body })).status;
  for (let at = 0; at < 5; at += 1) await ask('short');
  clock.advance(10_000);
  status = 200;
  expect(await ask('much too long for it')).toBe(413);
  expect(breaker.states().get('default')).toBe('half-open');
  expect(await ask('short')).toBe(200);
  expect(breaker.states().get('default')).toBe('closed');
});

test('a bulkhead that is full is no failure', async () => {
  const breaker = circuitBreaker({ minimumRequests: 2 });
  const places = bulkhead({ maxConcurrent: 1 });
  let held: (() => void) | undefined;
  const { url } = await serve((req, res) => {
    contextOf(req, res);
    breaker(req, res, () =>
      places(req, res, () => {
        held = () => res.end();
        if (req.url === '/free') res.end();
      }),
    );
  });
  const first = send(url, '/held');
  while (held === undefined) await settled();
  for (let at = 0; at < 10; at += 1) expect((await send(url, '/x')).status).toBe(503);
  expect(breaker.states().get('default')).toBe('closed');
  held();
  await first;
  expect((await send(url, '/free')).status).toBe(200);
});

test.each([
  ['seconds', '30', 30],
  ['a date', 'Mon, 01 Jan 2024 12:00:45 GMT', 45],
  ['less than its own time', '3', 10],
  ['nonsense', 'soon', 10],
  ['a date that is none', 'Mon, 99 Jan 2024', 10],
  ['more than anybody should', '86400', 60],
])('stays open for as long as a failure asks for: %s', async (_what, retryAfter, expected) => {
  const clock = fakeClock();
  const { url } = await behindBreaker(
    {},
    { handler: (_req, res) => res.writeHead(503, { 'Retry-After': retryAfter }).end() },
  );
  for (let at = 0; at < 5; at += 1) await send(url, '/');
  expect((await send(url, '/')).headers['retry-after']).toBe(String(expected));
  clock.advance(expected * 1000 - 1);
  const body = async () => (await send(url, '/')).body;
  expect(await body()).not.toBe('');
  clock.advance(1);
  expect(await body()).toBe('');
});

test('does not heed it where it is told not to', async () => {
  fakeClock();
  const { url } = await behindBreaker(
    { maxRetryAfterMs: 0 },
    { handler: (_req, res) => res.writeHead(503, { 'Retry-After': '30' }).end() },
  );
  for (let at = 0; at < 5; at += 1) await send(url, '/');
  expect((await send(url, '/')).headers['retry-after']).toBe('10');
});

test('a quota that is used up holds it where the user counts it as a failure', async () => {
  fakeClock();
  const { url } = await behindBreaker(
    { breaker: 'consecutive', consecutiveFailures: 1, isFailure: ({ status }) => status === 429 },
    { handler: (_req, res) => res.writeHead(429, { 'Retry-After': '40' }).end() },
  );
  await send(url, '/');
  expect(await send(url, '/')).toMatchObject({ status: 503, headers: { 'retry-after': '40' } });
});

test('a success makes what a failure had asked for void', async () => {
  fakeClock();
  const { url, answers } = await behindBreaker(
    {},
    {
      handler: (req, res) => {
        if (req.url === '/held') res.writeHead(503, { 'Retry-After': '50' }).end();
        else res.writeHead(Number(req.url?.slice(1))).end();
      },
    },
  );
  await send(url, '/held');
  await answers(200, ...five);
  expect((await send(url, '/200')).headers['retry-after']).toBe('10');
});
