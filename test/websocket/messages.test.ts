import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { cleanup } from '../helpers.js';
import { authority, serverCertificate, serverKey } from '../proxy-router/certificates.js';
import {
  attached,
  closeCode,
  connectTo,
  echo,
  frame,
  message,
  messages,
  open,
  opened,
  raw,
  readUntil,
  refused,
  upgradeHead,
  webSockets,
} from './support.js';

async function pair(onOpen?: (ws: WebSocket) => void) {
  const up = await webSockets(onOpen);
  const served = await attached({ ...open, services: { '/chat': up.url } });
  return { up, ...served };
}

test('text and binary messages pass in order', async () => {
  const { url } = await pair();
  const ws = await opened(url, '/chat');
  ws.send('grüß Gott');
  ws.send(Buffer.of(0, 1, 255));
  expect(await messages(ws, 2)).toEqual([
    [Buffer.from('grüß Gott'), false],
    [Buffer.of(0, 1, 255), true],
  ]);
});

test('a large message in fragments arrives whole, whatever side is slow', async () => {
  const { url } = await pair();
  const ws = await opened(url, '/chat', { maxPayload: 0 });
  const pieces = Array.from({ length: 200 }, () => randomBytes(65_536));
  for (const [at, piece] of pieces.entries()) ws.send(piece, { fin: at === pieces.length - 1 });
  const [data] = await once(ws, 'message');
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(hash(data)).toBe(hash(Buffer.concat(pieces)));
});

test('messages are compressed between client and upstream', async () => {
  const up = await webSockets(echo, { perMessageDeflate: { threshold: 0 } });
  const { url } = await attached({ ...open, services: { '/chat': up.url } });
  const ws = await opened(url, '/chat', { perMessageDeflate: { threshold: 0 } });
  expect(ws.extensions).toMatch('permessage-deflate');
  ws.send('a'.repeat(100_000));
  expect(await message(ws)).toBe('a'.repeat(100_000));
});

test('a subprotocol is negotiated with the upstream', async () => {
  const up = await webSockets(echo, { handleProtocols: () => 'second' });
  const { url } = await attached({ ...open, services: { '/chat': up.url } });
  const ws = await opened(url, '/chat', {}, ['first', 'second']);
  expect(ws.protocol).toBe('second');
});

test('pings and pongs pass both ways, with what they hold', async () => {
  const { url } = await pair((ws) => ws.ping('from the upstream'));
  const ws = connectTo(url, '/chat');
  const [pinged] = await once(ws, 'ping');
  expect(String(pinged)).toBe('from the upstream');
  ws.ping('from the client');
  const [ponged] = await once(ws, 'pong');
  expect(String(ponged)).toBe('from the client');
});

test('a close code of the client reaches the upstream', async () => {
  const { up, url } = await pair();
  const ws = await opened(url, '/chat');
  const [behind] = up.wss.clients;
  const closing = once(behind as WebSocket, 'close');
  const own = closeCode(ws);
  ws.close(4321, 'had enough');
  const [code, reason] = await closing;
  expect([code, String(reason)]).toEqual([4321, 'had enough']);
  expect(await own).toBe(4321);
});

test('a close code of the upstream reaches the client', async () => {
  const { url } = await pair((ws) => ws.close(1013, 'later'));
  const ws = connectTo(url, '/chat');
  const [code, reason] = await once(ws, 'close');
  expect([code, String(reason)]).toEqual([1013, 'later']);
});

test('what a client sends before it is answered is not lost', async () => {
  const { port } = await pair();
  const early = Buffer.concat([Buffer.from(upgradeHead('/chat')), frame(1, Buffer.from('early'), true)]);
  const socket = raw(port, early);
  socket.write(frame(1, Buffer.from('too'), true));
  const answer = (await readUntil(socket, (so) => so.includes('too'))).toString('latin1');
  expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(answer.split('\r\n\r\n')[1]).toBe('\x81\x05early\x81\x03too');
});

test('the fields of requests hold for upgrades, and the 101 has those of the gateway', async () => {
  const up = await webSockets();
  up.wss.on('headers', (headers) =>
    headers.push('X-Request-Id: forged', 'Set-Cookie: a=1', 'Set-Cookie: b=2'),
  );
  const { url } = await attached({
    ...open,
    rateLimit: {},
    services: { '/chat': { targets: [`${up.url}/base`], headers: { request: { set: { 'X-Own': 'yes' } } } } },
  });
  const asked = once(up.wss, 'connection');
  const ws = connectTo(url, '/chat/room?a=b', {
    headers: { 'X-Gateway-Subject': 'forged', 'X-Request-Id': 'mine' },
  });
  const [answer] = await once(ws, 'upgrade');
  const [, req] = await asked;
  expect(req.url).toBe('/base/room?a=b');
  expect(req.headers).toMatchObject({
    host: `127.0.0.1:${up.port}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'x-request-id': 'mine',
    'x-gateway-subject': 'ip:127.0.0.1',
    'x-own': 'yes',
    via: '1.1 gatewright',
  });
  expect(answer.headers).toMatchObject({
    connection: 'Upgrade',
    upgrade: 'websocket',
    'x-request-id': 'mine',
    'set-cookie': ['a=1', 'b=2'],
    ratelimit: expect.any(String),
  });
  expect(answer.headers).not.toHaveProperty('transfer-encoding');
});

test('to an HTTPS upstream whose authority is known, and to no other', async () => {
  const server = createHttpsServer({ key: serverKey, cert: serverCertificate });
  const up = await webSockets(echo, {}, server as never);
  const target = up.url.replace('http', 'https');
  const { url } = await attached({
    ...open,
    services: {
      '/known': { targets: [{ url: target, tls: { ca: authority, servername: 'upstream.test' } }] },
      '/unknown': target,
    },
  });
  const ws = await opened(url, '/known');
  ws.send('hello');
  expect(await message(ws)).toBe('hello');
  expect(await refused(url, '/unknown')).toMatchObject({ status: 502 });
});

test('to a Unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-'));
  cleanup(() => rmSync(folder, { recursive: true }));
  const socketPath = join(folder, 'up.sock');
  const server = createServer();
  const wss = new WebSocketServer({ server }).on('connection', echo);
  server.listen(socketPath);
  await once(server, 'listening');
  cleanup(() => {
    for (const each of wss.clients) each.terminate();
    server.close();
  });
  const services = { '/chat': { targets: [{ url: 'http://upstream', socketPath }] } };
  const { url } = await attached({ ...open, services });
  const ws = await opened(url, '/chat');
  ws.send('hello');
  expect(await message(ws)).toBe('hello');
});
