import { beforeEach, expect, test } from '@jest/globals';
import type { ServiceMatch } from 'gatewright';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

const byTenant: CircuitBreakerOptions = { key: (req) => String(req.headers['x-tenant']) };

const ask = async (url: string, tenant: string, path: string) =>
  (await send(url, path, { headers: { 'X-Tenant': tenant } })).status;

test('whoever fills all breakers does not keep them: those that were idle make room', async () => {
  const { url, breaker } = await behindBreaker({ ...byTenant, maxBreakers: 3 });
  for (const tenant of ['a', 'b', 'c', 'd']) await ask(url, tenant, '/200');
  expect([...breaker.states().keys()]).toEqual(['a', 'b', 'c', 'other']);
  clock.advance(50_000);
  await ask(url, 'b', '/200');
  clock.advance(20_000);
  await ask(url, 'd', '/200');
  expect([...breaker.states().keys()]).toEqual(['b', 'd']);
});

test('one that is open makes no room', async () => {
  const { url, breaker } = await behindBreaker({ ...byTenant, maxBreakers: 1 });
  for (const status of five) await ask(url, 'a', `/${status}`);
  clock.advance(3_600_000);
  await ask(url, 'b', '/200');
  expect([...breaker.states().keys()]).toEqual(['a', 'other']);
});

test('keys that are too long share one breaker', async () => {
  const { url, breaker } = await behindBreaker(byTenant);
  for (const letter of 'abc') await ask(url, letter.repeat(257), '/200');
  expect([...breaker.states().keys()]).toEqual(['other']);
});

const service = (name: string): ServiceMatch => ({
  name,
  path: `/${name}`,
  rest: '/',
  cost: 0,
  permissions: [],
  forwardCredentials: false,
});

/** A breaker whose requests are for the service in `x-service`. */
const byService = (options: CircuitBreakerOptions) => {
  let name = '';
  return behindBreaker(options, {
    before: (context) => {
      context.service = service(name);
    },
  }).then((server) => ({
    ...server,
    ask: (to: string, ...statuses: number[]) => {
      name = to;
      return server.answers(...statuses);
    },
  }));
};

test('services have options of their own, over those for all', async () => {
  const { ask: to, breaker } = await byService({
    breaker: 'consecutive',
    consecutiveFailures: 2,
    services: { kgot: { consecutiveFailures: 1 }, alita: false },
  });
  expect(await to('kgot', 500, 200)).toEqual([500, 503]);
  expect(await to('other', 500, 500, 200)).toEqual([500, 500, 503]);
  expect(await to('alita', ...five, ...five)).toEqual([...five, ...five]);
  expect([...breaker.states().keys()]).toEqual(['kgot', 'other']);
});

test('refuses options of a service that do not fit those for all', () => {
  expect(() => circuitBreaker({ services: { kgot: { halfOpenAfterMs: 70_000 } } })).toThrow(
    '`circuitBreaker.services["kgot"].maxHalfOpenAfterMs` must not be less than `halfOpenAfterMs`, got 60000.',
  );
  const fitting = { maxHalfOpenAfterMs: 80_000, services: { kgot: { halfOpenAfterMs: 70_000 } } };
  expect(() => circuitBreaker(fitting)).not.toThrow();
  expect(() => circuitBreaker({ services: { kgot: { windowMS: 1 } as object } })).toThrow(
    'Did you mean `windowMs`?',
  );
});

test('answers 500 where the key function gives a promise', async () => {
  const key = (() => Promise.reject(new Error('secret detail'))) as never;
  const { url, breaker } = await behindBreaker({ key });
  expect(await send(url, '/200')).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
  expect(breaker.states().size).toBe(0);
});
