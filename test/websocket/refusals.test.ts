import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { adminKey } from '../gateway/support.js';
import { cleanup, sendRaw, serve } from '../helpers.js';
import { rawUpstream, resolveTo, routerOf, until } from '../proxy-router/support.js';
import { attached, frame, open, opened, raw, refused, upgradeHead, webSockets } from './support.js';

const admin = { headers: { 'X-API-Key': adminKey } };

test('401 without a credential, with the documented body; let in with one', async () => {
  const up = await webSockets();
  const { url } = await attached({ authenticate: { adminKey }, services: { '/chat': up.url } });
  expect(await refused(url, '/chat')).toMatchObject({
    status: 401,
    headers: {
      'www-authenticate': expect.any(String),
      'x-request-id': expect.any(String),
      connection: 'close',
    },
    body: '{"error":"Authentication failed","message":"Credentials are required"}',
  });
  expect(up.wss.clients.size).toBe(0);
  const asked = once(up.wss, 'connection');
  await opened(url, '/chat', admin);
  const [, req] = await asked;
  expect(req.headers).not.toHaveProperty('x-api-key');
});

test('403 without the permission of the service', async () => {
  const up = await webSockets();
  const services = { '/chat': { targets: [up.url], permissions: ['chat:join'] } };
  const { url, gateway } = await attached({ services });
  const made = await gateway.apiKeys?.create({});
  expect(await refused(url, '/chat', { headers: { 'X-API-Key': String(made?.key) } })).toMatchObject({
    status: 403,
    body: expect.stringContaining('"required":["chat:join"]'),
  });
});

test('429 over a limit', async () => {
  const up = await webSockets();
  const { url } = await attached({
    ...open,
    rateLimit: { tiers: { free: { requestsPerMinute: 1 } } },
    services: { '/chat': up.url },
  });
  await opened(url, '/chat');
  expect(await refused(url, '/chat')).toMatchObject({
    status: 429,
    headers: { 'retry-after': expect.any(String) },
    body: expect.stringContaining('per_minute'),
  });
});

test('503 while the breaker is open, which failed upgrades open', async () => {
  const { url } = await attached({
    ...open,
    circuitBreaker: { minimumRequests: 2 },
    services: { '/chat': { targets: ['http://127.0.0.1:1'], retries: false } },
  });
  expect(await refused(url, '/chat')).toMatchObject({ status: 502 });
  expect(await refused(url, '/chat')).toMatchObject({ status: 502 });
  expect(await refused(url, '/chat')).toMatchObject({
    status: 503,
    headers: { 'retry-after': expect.any(String) },
    body: '{"error":"Service temporarily unavailable","service":"chat"}',
  });
});

test('404 for no service, as for any request', async () => {
  const { url } = await attached({ ...open, services: { '/chat': 'http://127.0.0.1:1' } });
  expect(await refused(url, '/elsewhere')).toMatchObject({ status: 404, body: '{"error":"Not found"}' });
});

test('400 for a service that opens no WebSockets, and for an ambiguous path', async () => {
  const up = await webSockets();
  const services = { '/plain': { targets: [up.url], websocket: false }, '/chat': up.url };
  const { url, port } = await attached({ ...open, services });
  expect(await refused(url, '/plain')).toMatchObject({
    status: 400,
    body: '{"error":"Bad request","message":"This service opens no WebSockets"}',
  });
  expect(await sendRaw(port, upgradeHead('/chat/%2e%2e/other'))).toMatch(/^HTTP\/1\.1 400 /);
  expect(up.wss.clients.size).toBe(0);
});

test('a client that sends early gets its answer all the same', async () => {
  const { port } = await attached({ authenticate: {}, services: { '/chat': 'http://127.0.0.1:1' } });
  const early = frame(2, Buffer.alloc(1_000_000), true);
  const socket = raw(port, Buffer.concat([Buffer.from(upgradeHead('/chat')), early]));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  expect(String(Buffer.concat(chunks))).toMatch(/^HTTP\/1\.1 401 [\s\S]*"Credentials are required"}$/);
});

test('an answer of the upstream other than 101 is relayed whole, and the connection closed', async () => {
  const long = 'x'.repeat(2_000_000);
  const up = await serve(() => undefined);
  up.server.on('upgrade', (_req, socket) => {
    socket.end(
      `HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nX-Own: yes\r\nConnection: close\r\n\r\n${long}`,
    );
  });
  const { url } = await attached({ ...open, services: { '/chat': up.url } });
  const { status, headers, body } = await refused(url, '/chat');
  expect({ status, headers }).toMatchObject({
    status: 426,
    headers: { 'sec-websocket-version': '8', 'x-own': 'yes', connection: 'close' },
  });
  expect(body).toBe(long);
});

const answers: readonly [what: string, answer: string][] = [
  ['to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['to none', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  [
    'with a field that is none',
    'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nA\0: b\r\n\r\n',
  ],
  ['never', 'garbage'],
];

test.each(answers)('502 where the upstream switches protocols %s', async (_what, answer) => {
  const up = await rawUpstream((socket) => socket.end(answer));
  const { url } = await attached({ ...open, services: { '/chat': { targets: [up.url], retries: false } } });
  expect(await refused(url, '/chat')).toMatchObject({
    status: 502,
    body: '{"error":"Bad gateway","service":"chat"}',
  });
  await until(() => up.sockets.every((socket) => socket.destroyed));
});

test('504 where the upstream does not answer', async () => {
  const up = await rawUpstream(() => undefined);
  const services = { '/chat': { targets: [up.url], timeouts: { firstByteMs: 20 }, retries: false } } as const;
  const { url } = await attached({ ...open, services });
  expect(await refused(url, '/chat')).toMatchObject({ status: 504 });
});

test('504 where the upstream cannot be connected to in time', async () => {
  resolveTo('never.test');
  const timeouts = { connectMs: 20 };
  const services = { '/chat': { targets: ['http://never.test'], timeouts, retries: false } } as const;
  const { url } = await attached({ ...open, services });
  expect(await refused(url, '/chat')).toMatchObject({ status: 504 });
});

test('504 where the upstream does not answer the TLS handshake', async () => {
  const up = await rawUpstream(() => undefined);
  const targets = [up.url.replace('http', 'https')];
  const services = { '/chat': { targets, timeouts: { connectMs: 100 }, retries: false } } as const;
  const { url } = await attached({ ...open, services });
  expect(await refused(url, '/chat')).toMatchObject({ status: 504 });
});

test('the handler of errors that the user gives answers on the socket', async () => {
  const options: GatewayOptions = {
    onError: ({ status }, _req, res) => res.writeHead(status, { 'X-Own': 'yes' }).end('no'),
    services: { '/chat': 'http://127.0.0.1:1' },
  };
  const { url } = await attached(options);
  expect(await refused(url, '/chat')).toMatchObject({ status: 401, headers: { 'x-own': 'yes' }, body: 'no' });
});

test('an error that the handler passes on is answered, where nobody is behind', async () => {
  const services = { '/chat': 'http://127.0.0.1:1' };
  const { url } = await attached({ services, onError: (error, _req, _res, next) => next(error) });
  expect(await refused(url, '/chat')).toMatchObject({ status: 401 });

  const router = routerOf({
    services: { '/chat': { targets: ['http://127.0.0.1:1'], retries: false } },
    onError: (_error, _req, _res, next) => next(new Error('oops')),
  });
  const alone = await serve(() => undefined);
  cleanup(router.attach(alone.server));
  expect(await refused(alone.url, '/chat')).toMatchObject({ status: 500 });
});
