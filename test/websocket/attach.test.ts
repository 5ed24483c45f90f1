import { once } from 'node:events';
import { type RequestListener, request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import { type WebSocket, WebSocketServer } from 'ws';
import { adminKey, gatewayOf, upstream } from '../gateway/support.js';
import { cleanup, sendRaw, serve } from '../helpers.js';
import { routerOf } from '../proxy-router/support.js';
import {
  attached,
  connectTo,
  message,
  open,
  opened,
  raw,
  readUntil,
  refused,
  upgradeHead,
  webSockets,
} from './support.js';

const admin = { headers: { 'X-API-Key': adminKey } };

async function echoes(ws: WebSocket): Promise<string> {
  ws.send('hello');
  return message(ws);
}

const frameworks: readonly [string, typeof express5][] = [
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
];

describe.each(frameworks)('mounted in %s', (_name, express) => {
  async function mounted(options: { through: boolean }) {
    const up = await webSockets();
    const gateway = gatewayOf({ authenticate: { adminKey }, services: { '/chat': up.url } });
    const passed: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      passed.push(req.originalUrl);
      next();
    });
    app.use('/v1', gateway);
    const { url, server } = await serve(app);
    gateway.attach(server, options.through ? { path: '/v1', through: app } : { path: '/v1' });
    cleanup(() => gateway.close());
    return { up, url, passed };
  }

  test.each([true, false])('below a path (through the app: %s)', async (through) => {
    const { up, url, passed } = await mounted({ through });
    const asked = once(up.wss, 'connection');
    expect(await refused(url, '/v1/chat')).toMatchObject({ status: 401 });
    const ws = await opened(url, '/v1/chat/room?a=b', admin);
    expect(await echoes(ws)).toBe('hello');
    const [, req] = await asked;
    expect(req.url).toBe('/room?a=b');
    expect(passed).toEqual(through ? ['/v1/chat', '/v1/chat/room?a=b'] : []);
    expect(await refused(url, '/chat', admin)).toMatchObject({ status: 404 });
  });
});

test('in front of an app, whose own paths are served to upgrades as to requests', async () => {
  const up = await webSockets();
  const app: RequestListener = (req, res) => res.end(`the app's ${req.url}`);
  const { url } = await attached({ ...open, services: { '/chat': up.url } }, (gateway) =>
    gateway.listenerFor(app),
  );
  expect(await echoes(await opened(url, '/chat'))).toBe('hello');
  expect(await refused(url, '/own')).toMatchObject({ status: 200, body: "the app's /own" });
});

test('what is for no service is left to others that listen to upgrades', async () => {
  const up = await webSockets();
  const { url, server } = await attached({ ...open, services: { '/chat': up.url } });
  const own = new WebSocketServer({ noServer: true });
  server.on('upgrade', (req, socket, head) => {
    if (req.url !== '/own') return;
    own.handleUpgrade(req, socket, head, (ws) => ws.send('from the app itself'));
  });
  const ws = await opened(url, '/chat');
  expect(await echoes(ws)).toBe('hello');
  expect(await message(connectTo(url, '/own'))).toBe('from the app itself');
});

test('two gateways on one server each take their own, and the rest is answered once', async () => {
  const [one, two] = [await webSockets(), await webSockets((ws) => ws.on('message', () => ws.send('two')))];
  const { url, server } = await attached({ ...open, services: { '/one': one.url } });
  const second = gatewayOf({ ...open, services: { '/two': two.url } });
  second.attach(server);
  expect(await echoes(await opened(url, '/one'))).toBe('hello');
  expect(await echoes(await opened(url, '/two'))).toBe('two');
  expect(await refused(url, '/three')).toMatchObject({ status: 404 });
});

test('attached twice it listens once; detached, and closed, not at all', async () => {
  const up = await webSockets();
  const gateway = gatewayOf({ ...open, services: { '/chat': up.url } });
  const { server } = await serve(gateway.listener);
  const detach = gateway.attach(server);
  expect(gateway.attach(server)).toBe(detach);
  expect(server.listenerCount('upgrade')).toBe(1);
  detach();
  detach();
  expect(server.listenerCount('upgrade')).toBe(0);
  gateway.attach(server);
  await gateway.close();
  expect(server.eventNames()).not.toContain('upgrade');
});

test('a router alone is attached to a server, or through whatever stands before it', async () => {
  const up = await webSockets();
  const router = routerOf({ services: { '/chat': up.url } });
  const alone = await serve((req, res) => router(req, res, () => res.writeHead(404).end()));
  router.attach(alone.server);
  cleanup(() => router.close());
  expect(await echoes(await opened(alone.url, '/chat'))).toBe('hello');

  const guarded: RequestListener = (req, res) => {
    if (req.headers['x-pass']) router(req, res, () => res.writeHead(404).end());
    else res.writeHead(403).end('no');
  };
  const behind = await serve(guarded);
  router.attach(behind.server, { through: guarded });
  expect(await refused(behind.url, '/chat')).toMatchObject({ status: 403, body: 'no' });
  expect(await echoes(await opened(behind.url, '/chat', { headers: { 'X-Pass': 'yes' } }))).toBe('hello');
});

describe('an upgrade to anything else is an ordinary request', () => {
  async function plain() {
    const up = await upstream((req, res) => {
      res.setHeader(
        'X-Seen',
        JSON.stringify([req.method, req.url, req.headers.upgrade, req.headers.connection]),
      );
      req.pipe(res);
    });
    return { up, ...(await attached({ ...open, services: { '/chat': up.url } })) };
  }

  const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

  test('such as to h2c, with the body read as one, on a connection that is kept', async () => {
    const { port, up } = await plain();
    const h2c = head(
      'POST /chat/a HTTP/1.1',
      'Host: gateway',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      'Content-Length: 5',
    );
    const socket = raw(port, `${h2c}hello`);
    await readUntil(socket, (bytes) => bytes.includes('hello'));
    socket.write(head('GET /chat/b HTTP/1.1', 'Host: gateway', 'Connection: close'));
    await once(socket, 'close');
    expect(up.requests.map(({ url, headers }) => [url, headers.upgrade, headers['http2-settings']])).toEqual([
      ['/a', undefined, undefined],
      ['/b', undefined, undefined],
    ]);
  });

  test.each([
    [
      'another method',
      head(
        'POST /chat HTTP/1.1',
        'Host: a',
        'Connection: Upgrade, close',
        'Upgrade: websocket',
        'Content-Length: 0',
      ),
    ],
    ['HTTP/1.0', head('GET /chat HTTP/1.0', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket')],
    [
      'a protocol of a similar name',
      head('GET /chat HTTP/1.1', 'Host: a', 'Connection: close, Upgrade', 'Upgrade: websockets'),
    ],
    [
      'a body',
      `${head('GET /chat HTTP/1.1', 'Host: a', 'Connection: Upgrade, close', 'Upgrade: websocket', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'no Connection for it',
      head('GET /chat HTTP/1.1', 'Host: a', 'Connection: close', 'Upgrade: websocket'),
    ],
  ])('with %s', async (_what, bytes) => {
    const { port, up } = await plain();
    expect(await sendRaw(port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
    expect(up.requests).toHaveLength(1);
    expect(up.requests[0]?.headers).not.toHaveProperty('upgrade');
  });

  test('an upgrade behind a request that is not answered yet cuts the connection', async () => {
    const { port, up } = await plain();
    up.server.removeAllListeners('request');
    const socket = raw(port, head('GET /chat/slow HTTP/1.1', 'Host: a') + upgradeHead('/chat'));
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });

  test('with more fields than Node keeps, its length among those left out, cuts the connection', async () => {
    const { port, up } = await plain();
    const fields = Array.from({ length: 1100 }, () => 'A: b');
    const lines = ['POST /chat HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c', ...fields];
    const smuggled = head('GET /chat/smuggled HTTP/1.1', 'Host: a', 'Connection: close');
    const bytes = head(...lines, `Content-Length: ${smuggled.length}`) + smuggled;
    expect(await sendRaw(port, bytes)).toBe('');
    expect(up.requests).toEqual([]);
  });

  test('with two lines of Connection, each of which counts', async () => {
    const { port, up } = await plain();
    const answer = await sendRaw(
      port,
      head(
        'GET /chat HTTP/1.1',
        'Host: a',
        'Connection: Upgrade',
        'Connection: close, X-Secret',
        'X-Secret: 1',
        'Upgrade: other',
      ),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(up.requests[0]?.headers).not.toHaveProperty('x-secret');
  });
});

test('a request that follows a refused upgrade on its connection is not read', async () => {
  const up = await upstream();
  const { port } = await attached({ authenticate: {}, services: { '/chat': up.url } });
  const answer = await sendRaw(port, `${upgradeHead('/chat')}GET /chat HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(up.requests).toEqual([]);
});

test('a request that follows an upgrade that the upstream refuses does not reach the upstream', async () => {
  const up = await upstream((_req, res) => res.writeHead(426).end());
  const { port } = await attached({ ...open, services: { '/chat': up.url } });
  const smuggled = 'GET /chat/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  expect(await sendRaw(port, upgradeHead('/chat') + smuggled)).toMatch(/^HTTP\/1\.1 426 /);
  expect(up.requests.map(({ url }) => url)).toEqual(['/']);
});

test('without attach, an upgrade is an ordinary request', async () => {
  const up = await upstream();
  const gateway = gatewayOf({ ...open, services: { '/chat': up.url } });
  const { port } = await serve(gateway.listener);
  const client = request({
    port,
    path: '/chat',
    headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
  }).end();
  const [answer] = await once(client, 'response');
  answer.resume();
  expect(answer.statusCode).toBe(200);
});
