import { once } from 'node:events';
import { get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { expect, jest, test } from '@jest/globals';
import { cleanup, send } from '../helpers.js';
import { gateway, idle, rawUpstream, until, upstream } from './support.js';

test('504 where the whole request takes too long, retries among it', async () => {
  const seen: unknown[] = [];
  // From before the gateway is made: its clock must not go back.
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate'] });
  cleanup(() => jest.useRealTimers());
  const slow = await Promise.all([1, 2, 3].map(() => rawUpstream(() => undefined)));
  const timeouts = { totalMs: 100, firstByteMs: 70 };
  const services = {
    '/kgot': { targets: slow.map(({ url }) => url), timeouts, retries: { attempts: 2, backoffMs: 0 } },
  };
  const { url } = await gateway({ services }, (req, res, next) => {
    res.once('close', () => seen.push(req.gateway?.upstream));
    next();
  });
  const connections = () => slow.reduce((sum, { sockets }) => sum + sockets.length, 0);
  const answering = send(url, '/kgot');
  await until(() => connections() === 1);
  jest.advanceTimersByTime(timeouts.firstByteMs);
  jest.advanceTimersByTime(1); // The wait before the retry.
  await until(() => connections() === 2);
  jest.advanceTimersByTime(timeouts.totalMs - timeouts.firstByteMs);
  const answer = await answering;
  expect([answer.status, answer.body]).toEqual([504, '{"error":"Gateway timeout","service":"kgot"}']);
  expect(seen).toMatchObject([{ attempts: 2, failure: 'total_timeout' }]);
  for (const { server } of slow) await idle(server);
});

test('an answer that has begun is cut when the whole takes too long, though it still flows', async () => {
  const told: IncomingMessage[] = [];
  const { url: target, server } = await upstream((req, res: ServerResponse) => {
    told.push(req);
    const flow = setInterval(() => res.write('.'), 5);
    res.once('close', () => clearInterval(flow));
  });
  const { url } = await gateway({ services: { '/': { targets: [target], timeouts: { totalMs: 1000 } } } });
  const [answer] = (await once(get(url), 'response')) as [IncomingMessage];
  answer.resume();
  await expect(once(answer, 'end')).rejects.toThrow('aborted');
  expect(answer.complete).toBe(false);
  expect(told).toHaveLength(1);
  await idle(server);
});

test('a body that waits for its client is bounded too', async () => {
  const { url: target, seen } = await upstream();
  const services = { '/': { targets: [target, `${target}/b`], timeouts: { totalMs: 50 } } };
  const { url } = await gateway({ services });
  // A short body of an idempotent request is read before it is sent.
  const req = request(url, { method: 'PUT', headers: { 'Content-Length': '10' } });
  req.write('half');
  const [answer] = (await once(req, 'response')) as [IncomingMessage];
  req.destroy();
  expect([answer.statusCode, seen.length]).toEqual([504, 0]);
});

test('the upstream is told how long it has', async () => {
  const { url: target, seen } = await upstream();
  const timeouts = { totalMs: 60_000 };
  const { url } = await gateway({ services: { '/a': { targets: [target], timeouts }, '/b': target } });
  for (const path of ['/a', '/b']) await send(url, path, { headers: { 'X-Gateway-Timeout-Ms': '999999' } });
  const left = Number(seen[0]?.headers['x-gateway-timeout-ms']);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(60_000);
  expect(seen[1]?.headers['x-gateway-timeout-ms']).toBeUndefined();
});
