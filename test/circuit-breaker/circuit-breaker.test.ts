import { beforeEach, expect, jest, test } from '@jest/globals';
import { type BreakerEvent, ConfigError, GatewayEvents, type Logger, type ServiceMatch } from 'gatewright';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { send } from '../helpers.js';
import { behindBreaker, fakeClock, five } from './support.js';

let clock: ReturnType<typeof fakeClock>;
beforeEach(() => {
  clock = fakeClock();
});

/** A service as a gateway would have matched it. */
const service = (name: string): ServiceMatch => ({
  name,
  path: `/api/${name}`,
  rest: '/',
  cost: 0,
  permissions: [],
  forwardCredentials: false,
});

test('has one breaker for each service, independent of the others', async () => {
  let name = 'kgot';
  const { url, breaker, answers } = await behindBreaker(
    {},
    {
      before: (context) => {
        context.service = service(name);
      },
    },
  );
  await answers(...five);
  name = 'alita';
  expect(await answers(200)).toEqual([200]);
  name = 'kgot';
  expect(await send(url, '/200')).toMatchObject({
    status: 503,
    body: '{"error":"Service temporarily unavailable","service":"kgot"}',
  });
  expect(breaker.states()).toEqual(
    new Map([
      ['kgot', 'open'],
      ['alita', 'closed'],
    ]),
  );
});

test('takes a key of the user’s', async () => {
  const { url, breaker } = await behindBreaker({ key: (req) => String(req.headers['x-tenant']) });
  const ask = async (tenant: string, path: string) =>
    (await send(url, path, { headers: { 'X-Tenant': tenant } })).status;
  for (const status of five) await ask('a', `/${status}`);
  expect(await ask('a', '/200')).toBe(503);
  expect(await ask('b', '/200')).toBe(200);
  expect([...breaker.states().keys()]).toEqual(['a', 'b']);
});

test('has no more breakers than it may, and one for all further keys', async () => {
  const { url, breaker } = await behindBreaker({
    maxBreakers: 2,
    key: (req) => String(req.headers['x-tenant']),
  });
  for (let at = 0; at < 10; at += 1) await send(url, '/500', { headers: { 'X-Tenant': `tenant-${at}` } });
  expect([...breaker.states()]).toEqual([
    ['tenant-0', 'closed'],
    ['tenant-1', 'closed'],
    ['other', 'open'],
  ]);
});

test('answers 500 without detail where the key function throws', async () => {
  const { url, reached } = await behindBreaker({
    key: () => {
      throw new Error('secret detail');
    },
  });
  expect(await send(url, '/200')).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
  expect(reached()).toBe(0);
});

test('refuses through onError', async () => {
  const { url, answers } = await behindBreaker({
    onError: (error, _req, res) => void res.end(`no: ${error.code}`),
  });
  await answers(...five);
  expect((await send(url, '/200')).body).toBe('no: ERR_GATEWAY_SERVICE_UNAVAILABLE');
});

test('tells each change of state, and logs it', async () => {
  const events = new GatewayEvents();
  const heard: BreakerEvent[] = [];
  events.on('breaker', (event) => heard.push(event));
  const logger = {
    info: jest.fn<Logger['info']>(),
    warn: jest.fn<Logger['warn']>(),
    error: jest.fn<Logger['error']>(),
  };
  const { answers } = await behindBreaker({ name: 'kgot', events, logger });
  await answers(...five);
  clock.advance(10_000);
  await answers(200);
  const changes: BreakerEvent[] = [
    { key: 'kgot', from: 'closed', to: 'open' },
    { key: 'kgot', from: 'open', to: 'half-open' },
    { key: 'kgot', from: 'half-open', to: 'closed' },
  ];
  expect(heard).toEqual(changes);
  expect(logger.warn.mock.calls).toEqual([['Circuit breaker open', changes[0]]]);
  expect(logger.info.mock.calls).toEqual([
    ['Circuit breaker half-open', changes[1]],
    ['Circuit breaker closed', changes[2]],
  ]);
  expect(logger.error).not.toHaveBeenCalled();
});

test('says in its status which services can be served', async () => {
  const { breaker, answers, hold } = await behindBreaker({ name: 'kgot' });
  expect(breaker.status()).toEqual({ services: {}, middleware: { circuit_breaker: true } });
  await answers(200);
  expect(breaker.status().services).toEqual({ kgot: true });
  await answers(...five, 500);
  expect(breaker.status().services).toEqual({ kgot: false });
  clock.advance(10_000);
  await hold();
  expect(breaker.status().services).toEqual({ kgot: true });
});

test.each<[string, CircuitBreakerOptions, string]>([
  ['a share of nothing', { failureRatio: 0 }, 'circuitBreaker.failureRatio'],
  ['a window too short', { windowMs: 99 }, 'circuitBreaker.windowMs'],
  ['no minimum', { minimumRequests: 0 }, 'circuitBreaker.minimumRequests'],
  ['a maximum below the beginning', { halfOpenAfterMs: 61_000 }, 'circuitBreaker.maxHalfOpenAfterMs'],
  ['a name that is empty', { name: '' }, 'circuitBreaker.name'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => circuitBreaker(options)).toThrow(ConfigError);
  expect(() => circuitBreaker(options)).toThrow(message);
});
