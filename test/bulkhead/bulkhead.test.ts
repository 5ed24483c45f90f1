import { describe, expect, jest, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { analytics } from 'gatewright/analytics';
import { type BulkheadMiddleware, type BulkheadOptions, bulkhead } from 'gatewright/bulkhead';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';
import { behindBulkhead } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  test('lets so many requests run at a time, and refuses further ones at once', async () => {
    const { begin, ask, held, contexts } = await behindBulkhead({ maxConcurrent: 2 }, mount);
    const first = await begin('a');
    const second = await begin('b');
    expect(await ask('c')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: '{"error":"Service temporarily unavailable","service":"default"}',
    });
    expect(contexts.get('c')?.bulkhead).toEqual({ key: 'default', queuedMs: 0, refused: 'full' });
    expect(contexts.get('c')?.refusal?.code).toBe('ERR_GATEWAY_OVERLOADED');
    held.get('a')?.end('done');
    expect((await first.answer).body).toBe('done');
    const third = await begin('d');
    held.get('b')?.end();
    held.get('d')?.end();
    expect((await second.answer).status).toBe(200);
    expect((await third.answer).status).toBe(200);
  });
});

test('holds a place until the answer has ended, not only begun', async () => {
  const { begin, ask, held, state } = await behindBulkhead({ maxConcurrent: 1 });
  const first = await begin('a');
  held.get('a')?.write('the beginning');
  expect(await ask('b')).toMatchObject({ status: 503 });
  held.get('a')?.end();
  await first.answer;
  await eventually(() => expect(state()).toEqual({ running: 0, queued: 0 }));
});

test('lets those who wait in, in the order in which they came', async () => {
  const { begin, held, order, state, contexts } = await behindBulkhead({ maxConcurrent: 1, maxQueue: 3 });
  const answers = [];
  for (const path of ['a', 'b', 'c', 'd']) answers.push((await begin(path)).answer);
  expect(state()).toEqual({ running: 1, queued: 3 });
  for (const [at, path] of ['a', 'b', 'c', 'd'].entries()) {
    await eventually(() => expect(order).toHaveLength(at + 1));
    held.get(path)?.end(path);
  }
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['a', 'b', 'c', 'd']);
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  expect(contexts.get('a')?.bulkhead?.queuedMs).toBe(0);
  expect(contexts.get('d')?.bulkhead?.queuedMs).toBeGreaterThan(0);
});

test('refuses who comes when the queue is full', async () => {
  const { begin, ask } = await behindBulkhead({ maxConcurrent: 1, maxQueue: 1 });
  await begin('a');
  await begin('b');
  expect(await ask('c')).toMatchObject({ status: 503 });
});

test('refuses who has waited for too long, and who came later waits on', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
  cleanup(() => jest.useRealTimers());
  const { begin, held, order, state, contexts } = await behindBulkhead({
    maxConcurrent: 1,
    maxQueue: 5,
    queueTimeoutMs: 2000,
  });
  await begin('a');
  const early = await begin('b');
  jest.advanceTimersByTime(1500);
  const late = await begin('c');
  jest.advanceTimersByTime(500);
  expect(await early.answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(contexts.get('b')?.bulkhead).toMatchObject({ refused: 'timeout' });
  expect(state()).toEqual({ running: 1, queued: 1 });
  held.get('a')?.end();
  await eventually(() => expect(order).toEqual(['a', 'c']));
  held.get('c')?.end();
  expect((await late.answer).status).toBe(200);
});

test('a client that leaves gives its place in the queue up at once', async () => {
  const { begin, beginToLeave, held, order, state } = await behindBulkhead({
    maxConcurrent: 1,
    maxQueue: 1,
    queueTimeoutMs: 600_000,
  });
  await begin('a');
  const leave = await beginToLeave('b');
  await leave();
  await eventually(() => expect(state()).toEqual({ running: 1, queued: 0 }));
  const next = await begin('c');
  held.get('a')?.end();
  await eventually(() => expect(order).toEqual(['a', 'c']));
  held.get('c')?.end();
  expect((await next.answer).status).toBe(200);
});

test('a client that leaves while it is served gives its place to the next', async () => {
  const { begin, beginToLeave, order } = await behindBulkhead({ maxConcurrent: 1, maxQueue: 1 });
  const leave = await beginToLeave('a');
  await begin('b');
  await leave();
  await eventually(() => expect(order).toEqual(['a', 'b']));
});

test('one slow service takes no places of another', async () => {
  let service = 'slow';
  const { begin, ask, held, state } = await behindBulkhead({ maxConcurrent: 1 }, undefined, () => service);
  await begin('a');
  expect(await ask('b')).toMatchObject({ status: 503, body: expect.stringContaining('"slow"') });
  service = 'quick';
  const { answer } = await begin('c');
  held.get('c')?.end();
  expect((await answer).status).toBe(200);
  expect(state('slow')).toEqual({ running: 1, queued: 0 });
});

test('services have limits of their own, over those for all', async () => {
  let service = 'small';
  const options: BulkheadOptions = {
    maxConcurrent: 3,
    services: { small: { maxConcurrent: 1 }, free: false },
  };
  const { begin, ask } = await behindBulkhead(options, undefined, () => service);
  await begin('a');
  expect(await ask('b')).toMatchObject({ status: 503 });
  service = 'free';
  for (const path of ['c', 'd', 'e', 'f']) await begin(path);
  service = 'other';
  for (const path of ['g', 'h', 'i']) await begin(path);
  expect(await ask('j')).toMatchObject({ status: 503 });
});

test('has no more bulkheads than it may, and one for all further keys', async () => {
  const { begin, places } = await behindBulkhead({
    maxConcurrent: 10,
    maxBulkheads: 2,
    key: (req) => String(req.url),
  });
  for (const path of ['a', 'b', 'c', 'd']) await begin(path);
  expect([...places.states()]).toEqual([
    ['/a', { running: 1, queued: 0 }],
    ['/b', { running: 1, queued: 0 }],
    ['other', { running: 2, queued: 0 }],
  ]);
});

test('forgets those that are empty', async () => {
  const { begin, places, held } = await behindBulkhead({ maxConcurrent: 1, key: (req) => String(req.url) });
  for (let at = 0; at < 20; at += 1) {
    const { answer } = await begin(`x${at}`);
    held.get(`x${at}`)?.end();
    await answer;
  }
  await eventually(() => expect(places.states().size).toBe(0));
});

test('answers 500 without detail where the key function throws', async () => {
  const { url, order } = await behindBulkhead({
    maxConcurrent: 1,
    key: () => {
      throw new Error('secret detail');
    },
  });
  expect(await send(url, '/a')).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
  expect(order).toEqual([]);
});

test('refuses those who wait when it is closed; those who run go on', async () => {
  const { begin, ask, held, places, contexts } = await behindBulkhead({ maxConcurrent: 1, maxQueue: 5 });
  const first = await begin('a');
  const second = await begin('b');
  places.close();
  expect((await second.answer).status).toBe(503);
  expect(contexts.get('b')?.bulkhead?.refused).toBe('closed');
  expect(await ask('c')).toMatchObject({ status: 503 });
  held.get('a')?.end();
  expect((await first.answer).status).toBe(200);
});

/** A recorder that shows what a bulkhead measures, as Prometheus text. */
function shown(places: BulkheadMiddleware) {
  const recorder = analytics();
  cleanup(() => recorder.close());
  recorder.observe(places);
  return () => recorder.registry.metrics();
}

test('tells how full it is', async () => {
  const { begin, held, places } = await behindBulkhead({ maxConcurrent: 1, maxQueue: 2 });
  const text = shown(places);
  const answers = [];
  for (const path of ['a', 'b', 'c']) answers.push((await begin(path)).answer);
  expect(await text()).toContain('gateway_bulkhead_running{service="default"} 1\n');
  expect(await text()).toContain('gateway_bulkhead_queued{service="default"} 2\n');
  for (const path of ['a', 'b', 'c']) {
    await eventually(() => expect(held.has(path)).toBe(true));
    held.get(path)?.end();
  }
  await Promise.all(answers);
  await eventually(async () => expect(await text()).not.toContain('service="default"'));
});

test('counts those who got no place, by the reason', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
  cleanup(() => jest.useRealTimers());
  const { begin, ask, places } = await behindBulkhead({
    maxConcurrent: 1,
    maxQueue: 1,
    queueTimeoutMs: 1000,
  });
  const text = shown(places);
  await begin('a');
  expect(await text()).not.toContain('gateway_bulkhead_refused_total{');
  const late = await begin('b');
  for (const path of ['c', 'd']) expect(await ask(path)).toMatchObject({ status: 503 });
  jest.advanceTimersByTime(1000);
  await late.answer;
  const last = await begin('e');
  places.close();
  await last.answer;
  for (const [reason, count] of Object.entries({ full: 2, timeout: 1, closed: 1 })) {
    const series = `gateway_bulkhead_refused_total{service="default",reason="${reason}"}`;
    expect(await text()).toContain(`${series} ${count}\n`);
  }
});

test('counts refusals for no more keys than it may, whatever clients send', async () => {
  const { begin, ask, held, places } = await behindBulkhead({
    maxConcurrent: 1,
    maxBulkheads: 2,
    key: (req) => String(req.url).slice(0, 2),
  });
  const text = shown(places);
  for (const key of ['a', 'b', 'c', 'd']) {
    const first = await begin(`${key}1`);
    expect(await ask(`${key}2`)).toMatchObject({ status: 503 });
    held.get(`${key}1`)?.end();
    await first.answer;
    await eventually(() => expect(places.states().size).toBe(0));
  }
  const counted = [...(await text()).matchAll(/refused_total\{service="(.*)",reason="full"\} (\d)/g)];
  expect(counted.map(([, key, count]) => [key, count])).toEqual([
    ['/a', '1'],
    ['/b', '1'],
    ['other', '2'],
  ]);
});

test('a handler that throws after a wait is answered for, and gives its place back', async () => {
  const places = bulkhead({ maxConcurrent: 1, maxQueue: 1 });
  const held: (() => void)[] = [];
  const { url } = await serve((req, res) =>
    places(req, res, () => {
      if (req.url === '/throw') throw new Error('secret detail');
      held.push(() => res.end());
    }),
  );
  const first = send(url, '/a');
  await eventually(() => expect(held).toHaveLength(1));
  const second = send(url, '/throw');
  await eventually(() => expect(places.states().get('default')?.queued).toBe(1));
  held[0]?.();
  await first;
  expect((await second).status).toBe(500);
  await eventually(() => expect(places.states().size).toBe(0));
});

test.each<[string, BulkheadOptions, string]>([
  ['no limit at all', {}, '`bulkhead.maxConcurrent` must be given'],
  ['no places', { maxConcurrent: 0 }, 'bulkhead.maxConcurrent'],
  ['a queue of less than nothing', { maxConcurrent: 1, maxQueue: -1 }, 'bulkhead.maxQueue'],
  ['no time to wait', { maxConcurrent: 1, queueTimeoutMs: 0 }, 'bulkhead.queueTimeoutMs'],
  [
    'wrong limits of a service',
    { services: { a: { maxConcurrent: 0 } } },
    'bulkhead.services.a.maxConcurrent',
  ],
  ['an option that there is not', { maxConcurrency: 1 } as object, 'Did you mean `maxConcurrent`?'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => bulkhead(options)).toThrow(ConfigError);
  expect(() => bulkhead(options)).toThrow(message);
});
