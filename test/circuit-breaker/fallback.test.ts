import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five, recorder, settled } from './support.js';

/** A breaker that is open. */
async function open(options: CircuitBreakerOptions) {
  const contexts: GatewayContext[] = [];
  const server = await behindBreaker(options, { before: (context) => contexts.push(context) });
  await server.answers(...five);
  return { ...server, context: () => contexts.at(-1) };
}

test('answers with a response that was written beforehand, and says so', async () => {
  const fallback = {
    status: 203,
    headers: { 'Cache-Control': 'no-store' },
    body: { results: [], stale: true },
  };
  const { url, context, reached } = await open({ name: 'kgot', fallback });
  const answer = await send(url, '/200');
  expect(answer).toMatchObject({
    status: 203,
    body: '{"results":[],"stale":true}',
    headers: {
      'x-gateway-degraded': 'fallback',
      'content-type': 'application/json; charset=utf-8',
      'content-length': '27',
      'cache-control': 'no-store',
    },
  });
  expect(context()?.degraded).toEqual({ service: 'kgot', by: 'static' });
  expect(reached()).toBe(5);
});

test.each([
  ['a string', 'try later', 'text/plain; charset=utf-8', 'try later'],
  ['nothing', undefined, undefined, ''],
  ['bytes', Buffer.from('raw'), undefined, 'raw'],
])('answers with %s', async (_what, body, type, expected) => {
  const { url } = await open({ fallback: { body } });
  const answer = await send(url, '/200');
  expect(answer).toMatchObject({ status: 200, body: expected });
  expect(answer.headers['content-type']).toBe(type);
});

test('answers with a status that has no body', async () => {
  const { url } = await open({ fallback: { status: 204 } });
  expect(await send(url, '/200')).toMatchObject({ status: 204, body: '' });
});

test('marks nothing while the upstream answers', async () => {
  const { url } = await behindBreaker({ fallback: { body: 'x' } });
  expect((await send(url, '/200')).headers).not.toHaveProperty('x-gateway-degraded');
});

test('has a handler answer', async () => {
  const { url, context } = await open({
    fallback: async (req, res, { id }) => {
      await settled();
      res.end(`${req.url} of ${id} from a cache`);
    },
  });
  const answer = await send(url, '/200', { headers: { 'X-Request-Id': 'abc' } });
  expect(answer).toMatchObject({
    status: 200,
    body: '/200 of abc from a cache',
    headers: { 'x-gateway-degraded': 'fallback' },
  });
  expect(context()?.degraded).toEqual({ service: 'default', by: 'handler' });
});

test.each<[string, () => void | Promise<void>]>([
  [
    'throws',
    () => {
      throw new Error('secret detail');
    },
  ],
  ['rejects', () => Promise.reject(new Error('secret detail'))],
])('answers 503 where a handler %s', async (_what, fallback) => {
  const logger = recorder();
  const { url, context } = await open({ fallback, logger });
  const answer = await send(url, '/200');
  expect(answer).toMatchObject({
    status: 503,
    headers: { 'retry-after': '10' },
    body: '{"error":"Service temporarily unavailable","service":"default"}',
  });
  expect(answer.headers).not.toHaveProperty('x-gateway-degraded');
  expect(context()?.degraded).toBeUndefined();
  expect(logger.error).toHaveBeenCalledWith('A fallback failed', expect.anything());
});

test('cuts the answer of a handler that fails in its middle', async () => {
  const { url } = await open({
    fallback: async (_req, res) => {
      res.write('the beginning');
      throw new Error('no more');
    },
  });
  await expect(send(url, '/200')).rejects.toThrow();
});

test('answers 503 where a handler hangs, and what it does later hurts nobody', async () => {
  const clock = fakeClock({ timers: true });
  let late: ((value: unknown) => void) | undefined;
  let hanging: ServerResponse | undefined;
  const logger = recorder();
  const { url } = await open({
    logger,
    fallbackTimeoutMs: 3000,
    fallback: async (_req, res) => {
      hanging = res;
      await new Promise((resolve) => {
        late = resolve;
      });
      res.writeHead(200).end('late');
    },
  });
  const answer = send(url, '/200');
  while (hanging === undefined) await settled();
  clock.advance(3000);
  expect((await answer).status).toBe(503);
  late?.(undefined);
  await settled();
  // What it throws then is caught, and told.
  expect(logger.error).toHaveBeenCalledTimes(2);
});

test('lets a handler take its time once it has begun', async () => {
  const clock = fakeClock({ timers: true });
  let begun: ServerResponse | undefined;
  const { url } = await open({
    fallbackTimeoutMs: 3000,
    fallback: (_req, res) => {
      res.write('the beginning');
      begun = res;
    },
  });
  const answer = send(url, '/200');
  while (begun === undefined) await settled();
  clock.advance(60_000);
  begun.end(', the end');
  expect((await answer).body).toBe('the beginning, the end');
});

test.each<[string, CircuitBreakerOptions, string]>([
  ['a status that is none', { fallback: { status: 99 } }, 'circuitBreaker.fallback.status'],
  ['a field that is none', { fallback: { headers: { 'a b': 'c' } } }, 'circuitBreaker.fallback.headers'],
  ['a value with a line in it', { fallback: { headers: { a: 'b\r\nc: d' } } }, 'header field'],
  ['a length of one’s own', { fallback: { headers: { 'Content-Length': '3' } } }, 'end of a response'],
  ['a body that JSON cannot hold', { fallback: { body: { big: 1n } } }, 'circuitBreaker.fallback.body'],
  ['a fallback that is none', { fallback: 'later' as never }, 'circuitBreaker.fallback'],
  ['services to take over that nobody can find', { failover: ['kgot-b'] }, 'circuitBreaker.matchService'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => circuitBreaker(options)).toThrow(message);
});
