import { expect, test } from '@jest/globals';
import { createGateway, type GatewayContext, type GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';
import { opened, webSockets } from '../websocket/support.js';
import { withSpare } from './breaker-support.js';
import { adminKey, gatewayOf, upstream } from './support.js';

test('another service takes over while the breaker is open, and the answer says so', async () => {
  const { ask, open, broken } = await withSpare();
  expect((await open()).status).toBe(500);
  const answer = await ask('/api/kgot/a/b?c=d');
  expect(answer).toMatchObject({
    status: 200,
    body: 'spare /a/b?c=d',
    headers: { 'x-gateway-degraded': 'failover' },
  });
  expect(broken.requests).toHaveLength(1);
});

test('what takes over is named in the context, and so is what was asked', async () => {
  const contexts: GatewayContext[] = [];
  const { ask, open } = await withSpare(
    {},
    {},
    {
      audit: { successes: true, sink: { write: () => undefined } },
      rateLimit: { skip: (_req, context) => contexts.push(context) > 0 },
    },
  );
  await open();
  await ask('/api/kgot/x');
  expect(contexts[1]?.service?.name).toBe('spare');
  expect(contexts[1]?.degraded).toEqual({ service: 'kgot', by: 'failover' });
  expect(contexts[0]?.degraded).toBeUndefined();
});

test.each([
  ['both keep their prefixes', { stripPrefix: false }, { stripPrefix: false }, 'spare /spare/a?b'],
  ['the one that takes over keeps its prefix', {}, { stripPrefix: false }, 'spare /spare/a?b'],
  ['the one that was asked keeps its prefix', { stripPrefix: false }, {}, 'spare /a?b'],
])('what is behind the prefix is asked for where %s', async (_what, kgot, spare, expected) => {
  const { ask, open } = await withSpare(kgot, spare);
  await open();
  expect((await ask('/api/kgot/a?b')).body).toBe(expected);
});

test('its failures open its own breaker, and then the next one takes over, or the fallback', async () => {
  const dead = await upstream((_req, res) => res.writeHead(500).end());
  const third = await upstream((_req, res) => res.end('third'));
  const gateway = gatewayOf({
    authenticate: false,
    rateLimit: false,
    circuitBreaker: { breaker: 'consecutive', consecutiveFailures: 1 },
    services: {
      '/a': {
        targets: [dead.url],
        circuitBreaker: { failover: ['b', 'c'], fallback: { body: 'nobody' } },
      },
      '/b': dead.url.replace('127.0.0.1', 'localhost'),
      '/c': third.url,
    },
  });
  const { url } = await serve(gateway.listener);
  const ask = async () => {
    const { status, body, headers } = await send(url, '/a');
    return [status, body, headers['x-gateway-degraded']];
  };
  expect(await ask()).toEqual([500, '', undefined]);
  expect(await ask()).toEqual([500, '', 'failover']);
  expect(await ask()).toEqual([200, 'third', 'failover']);
  expect(gateway.circuitBreaker?.states().get('b')).toBe('open');
  await gateway.circuitBreaker?.isolate('c');
  expect(await ask()).toEqual([200, 'nobody', 'fallback']);
});

test('an upstream that says that it is degraded itself is believed, unless the gateway says it', async () => {
  const up = await upstream((_req, res) => res.setHeader('X-Gateway-Degraded', 'of mine').end());
  const { ask, open } = await withSpare({}, { targets: [up.url] });
  await open();
  expect((await ask('/api/kgot/x')).headers['x-gateway-degraded']).toBe('failover');
  expect((await ask('/spare/x')).headers['x-gateway-degraded']).toBe('of mine');
});

/** What a key gets of `kgot` while its breaker is open. */
async function tried(spare: object, key: object) {
  const { ask, open, gateway, well } = await withSpare({}, spare);
  await open();
  const made = await gateway.apiKeys?.create(key);
  const { status } = await ask('/api/kgot/x', made?.key);
  return [status, well.requests.length];
}

test.each<[string, object, object, [number, number]]>([
  ['lacks its permission', { permissions: ['spare:use'] }, {}, [503, 0]],
  ['has its permission', { permissions: ['spare:use'] }, { permissions: ['spare:use'] }, [200, 1]],
  ['has proved itself in a way that it does not accept', { authentication: ['jwt'] }, {}, [503, 0]],
  ['has proved itself in a way that it accepts', { authentication: ['api-key'] }, {}, [200, 1]],
  ['is for other services', {}, { services: ['kgot'] }, [503, 0]],
  ['is for that service, too', {}, { services: ['kgot', 'spare'] }, [200, 1]],
])('a key that %s', async (_what, spare, key, expected) => {
  expect(await tried(spare, key)).toEqual(expected);
});

test('the rules of the service that takes over hold for the path', async () => {
  const access = [{ path: '/admin', permissions: ['spare:admin'] }];
  const { ask, open, gateway } = await withSpare({}, { access });
  await open();
  const key = (await gateway.apiKeys?.create({}))?.key;
  expect((await ask('/api/kgot/admin/x', key)).status).toBe(503);
  expect((await ask('/api/kgot/x', key)).status).toBe(200);
});

test.each<[string, object, string[], number]>([
  ['nobody that needs a credential', {}, ['/api/kgot'], 503],
  ['who needs none, either', {}, ['/api/kgot', '/spare'], 200],
  ['who needs none by its own rule', { access: [{ anonymous: true }] }, ['/api/kgot'], 200],
])('whoever has no credential is taken over by %s', async (_what, spare, paths, expected) => {
  const authenticate = { adminKey, anonymous: { paths } };
  const { ask, open } = await withSpare({}, spare, { authenticate });
  await open();
  expect((await ask('/api/kgot/x', '')).status).toBe(expected);
});

test('a credential that one service is trusted with does not get to another', async () => {
  const { ask, open, well } = await withSpare({ forwardCredentials: true });
  await open();
  expect((await ask('/api/kgot/x')).status).toBe(503);
  expect(well.requests).toHaveLength(0);
});

test('a ticket that was used does not get to another', async () => {
  const { ask, open, gateway, url, well } = await withSpare({}, { stripPrefix: false });
  await open();
  const made = await gateway.apiKeys?.create({ services: ['kgot', 'spare'] });
  const issued = await send(url, '/api/auth/ticket', {
    method: 'POST',
    headers: { 'X-API-Key': String(made?.key) },
  });
  const { ticket } = JSON.parse(issued.body);
  const answer = await ask(`/api/kgot/x?a=1&ticket=${ticket}`, '', { Accept: 'text/event-stream' });
  expect([answer.status, answer.body]).toEqual([200, 'spare /spare/x?a=1']);
  expect(well.requests[0]?.url).not.toContain('ticket');
});

test('requests are counted for the service that has answered', async () => {
  const { ask, open } = await withSpare();
  await open();
  await ask('/api/kgot/x');
  await eventually(async () => {
    const { body } = await ask('/metrics', adminKey, { Accept: 'text/plain' });
    expect(body).toMatch(/http_server_request_duration_seconds_count\{.*service="spare".*\} 1/);
  });
});

test.each<[string, Partial<GatewayOptions>, string]>([
  [
    'a service that takes over and is none',
    { services: { '/a': { targets: ['http://127.0.0.1:1'], circuitBreaker: { failover: ['b'] } } } },
    '`services["/a"].circuitBreaker.failover` must name services, got "b". Known: a.',
  ],
  [
    'the same for all services',
    { circuitBreaker: { failover: ['nobody'] } },
    '`circuitBreaker.failover` must name services, got "nobody".',
  ],
  [
    'options of a breaker where all are switched off',
    {
      circuitBreaker: false,
      services: { '/a': { targets: ['http://127.0.0.1:1'], circuitBreaker: { failureRatio: 0.1 } } },
    },
    '`services["/a"].circuitBreaker` has no effect while `circuitBreaker` is false.',
  ],
  [
    'wrong options of a breaker',
    { services: { '/a': { targets: ['http://127.0.0.1:1'], circuitBreaker: { failureRatio: 2 } } } },
    '`services["/a"].circuitBreaker.failureRatio` must be less than 1, got 2.',
  ],
  [
    'an unknown option of a breaker',
    { services: { '/a': { targets: ['http://127.0.0.1:1'], circuitBreaker: { windowMS: 1 } as object } } },
    'Did you mean `windowMs`?',
  ],
])('refuses %s', (_what, options, message) => {
  expect(() => createGateway({ services: { '/a': 'http://127.0.0.1:1' }, ...options })).toThrow(message);
});

test('a service can have no breaker', async () => {
  const { ask } = await withSpare({ circuitBreaker: false });
  for (let at = 0; at < 10; at += 1) expect((await ask('/api/kgot/x')).status).toBe(500);
});

test('a WebSocket is taken over, too', async () => {
  const up = await webSockets();
  const gateway = gatewayOf({
    authenticate: false,
    rateLimit: false,
    services: {
      '/chat': { targets: ['http://127.0.0.1:1'], circuitBreaker: { failover: ['spare'] } },
      '/spare': up.url,
    },
  });
  const { url, server } = await serve(gateway.listener);
  gateway.attach(server);
  await gateway.circuitBreaker?.isolate('chat');
  await opened(url, '/chat');
  expect(up.wss.clients.size).toBe(1);
});
