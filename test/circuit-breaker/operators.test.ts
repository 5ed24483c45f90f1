import { beforeEach, expect, test } from '@jest/globals';
import { type BreakerEvent, GatewayEvents } from 'gatewright';
import { circuitBreaker } from 'gatewright/circuit-breaker';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

test('a breaker that is isolated lets nothing through until it is reset, and says who did it', async () => {
  const events = new GatewayEvents();
  const heard: BreakerEvent[] = [];
  events.on('breaker', (event) => heard.push(event));
  const { breaker, answers, url } = await behindBreaker({ events });
  expect(await breaker.isolate('default', 'key:admin')).toBe(true);
  clock.advance(86_400_000);
  expect(await send(url, '/200')).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
  expect(breaker.status().services).toEqual({ default: false });
  expect(breaker.list()).toMatchObject([{ key: 'default', state: 'isolated', isolatedBy: 'key:admin' }]);
  await breaker.isolate('default', 'key:other');
  await breaker.reset('default');
  expect(await answers(200)).toEqual([200]);
  expect(heard).toEqual([
    { key: 'default', from: 'closed', to: 'isolated', by: 'key:admin' },
    { key: 'default', from: 'isolated', to: 'closed', by: 'code' },
  ]);
  expect(breaker.list()).toMatchObject([{ state: 'closed', isolatedBy: undefined }]);
});

test('what is under way while it is isolated says nothing about it', async () => {
  const { breaker, hold, answers } = await behindBreaker({ minimumRequests: 1 });
  const calls = [await hold(), await hold()];
  await breaker.isolate('default');
  for (const { res, answer } of calls) {
    res.writeHead(500).end();
    await answer;
  }
  expect(breaker.states().get('default')).toBe('isolated');
  await breaker.reset('default');
  expect(await answers(200)).toEqual([200]);
});

test('a breaker that is half-open can be isolated, and its probe closes nothing', async () => {
  const { breaker, hold, answers } = await behindBreaker();
  await answers(...five);
  clock.advance(10_000);
  const { res, answer } = await hold();
  await breaker.isolate('default');
  res.end();
  await answer;
  expect(breaker.states().get('default')).toBe('isolated');
});

test('a breaker that is open is closed by a reset, and has forgotten what failed', async () => {
  const events = new GatewayEvents();
  const heard: BreakerEvent[] = [];
  const { breaker, answers } = await behindBreaker({ events });
  await answers(...five);
  events.on('breaker', (event) => heard.push(event));
  await breaker.reset('default', 'key:admin');
  expect(heard).toEqual([{ key: 'default', from: 'open', to: 'closed', by: 'key:admin' }]);
  expect(await answers(500, 500, 500, 500)).not.toContain(503);
  expect(await answers(500, 200)).toEqual([500, 503]);
});

test('a reset of what is closed, or is not there, changes and tells nothing', async () => {
  const events = new GatewayEvents();
  const { breaker, answers } = await behindBreaker({ events });
  await answers(200);
  events.on('breaker', () => expect('told').toBe('not told'));
  expect(await breaker.reset('default')).toBe(true);
  expect(await breaker.reset('nobody')).toBe(true);
  expect([...breaker.states()]).toEqual([['default', 'closed']]);
});

test('a breaker can be isolated before there has been a request', async () => {
  const { breaker, answers } = await behindBreaker({ name: 'kgot', maxBreakers: 1 });
  await breaker.isolate('kgot');
  await breaker.isolate('another');
  expect(await answers(200)).toEqual([503]);
});

test('lists what is known of each breaker', async () => {
  const { breaker, answers, hold } = await behindBreaker();
  await answers(200);
  await hold();
  await hold();
  const since = '2024-01-01T12:00:00.000Z';
  const common = { key: 'default', isolatedBy: undefined, replicas: undefined };
  expect(breaker.list()).toEqual([{ ...common, state: 'closed', since, retryAfterMs: 0, running: 2 }]);
  clock.advance(1000);
  await answers(...five);
  clock.advance(4000);
  expect(breaker.list()).toEqual([
    { ...common, state: 'open', since: '2024-01-01T12:00:01.000Z', retryAfterMs: 6000, running: 2 },
  ]);
});

test('refuses a key that is too long', async () => {
  const breaker = circuitBreaker();
  await expect(breaker.isolate('x'.repeat(257))).rejects.toThrow('at most 256 characters');
});

test('states are not shared without Redis', () => {
  expect(() => circuitBreaker({ shared: true })).toThrow('`circuitBreaker.redis`');
  expect(() => circuitBreaker({ shared: { quorum: 0 } })).toThrow('circuitBreaker.shared.quorum');
});
