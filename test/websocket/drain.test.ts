import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { cleanup, send, serve } from '../helpers.js';
import { idle } from '../proxy-router/support.js';
import {
  attached,
  closeCode,
  connectTo,
  frame,
  open,
  opened,
  raw,
  readUntil,
  upgradeHead,
  webSockets,
} from './support.js';

/** A 101 for a request for a WebSocket. */
function switching({ headers }: IncomingMessage): string {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** An upstream whose sockets the test holds. */
async function rawWebSockets() {
  const up = await serve(() => undefined);
  const sockets: Socket[] = [];
  up.server.on('upgrade', (req, socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(switching(req));
    up.server.emit('opened', socket);
  });
  cleanup(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { ...up, sockets };
}

test('a gateway that is closed closes its WebSockets with 1001 on both sides, and waits for them', async () => {
  const up = await webSockets();
  const { url, gateway, server } = await attached({ ...open, services: { '/chat': up.url } });
  const clients = await Promise.all(Array.from({ length: 20 }, () => opened(url, '/chat')));
  const codes = [...clients, ...up.wss.clients].map(closeCode);
  await gateway.close();
  expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]));
  expect(codes).toHaveLength(40);
  await idle(server);
  expect(up.wss.clients.size).toBe(0);
});

test('frames in flight both ways end before the Close frames', async () => {
  const up = await rawWebSockets();
  const { port, gateway } = await attached({ ...open, services: { '/chat': up.url } });
  const opening = once(up.server, 'opened');
  const client = raw(port, upgradeHead('/chat'));
  const [behind] = (await opening) as [Socket];
  const toClient = frame(2, Buffer.alloc(200_000, 'd'), false);
  const toUpstream = frame(1, Buffer.alloc(100_000, 'u'), true);
  const half = (bytes: Buffer): [Buffer, Buffer] => [bytes.subarray(0, 70_001), bytes.subarray(70_001)];
  const [down, downRest] = half(toClient);
  const [up1, upRest] = half(toUpstream);
  const headed = readUntil(client, (bytes) => bytes.length >= 70_001 + bytes.indexOf('\r\n\r\n') + 4);
  const begun = readUntil(behind, (bytes) => bytes.length >= 70_001);
  behind.write(down);
  client.write(up1);
  const head = await headed;
  const sent = await begun;

  const closing = gateway.close();
  const gotten = readUntil(client, (bytes) => bytes.length >= downRest.length + 4);
  const taken = readUntil(behind, (bytes) => bytes.length >= upRest.length + 8);
  behind.write(Buffer.concat([downRest, frame(1, Buffer.from('too late'), false)]));
  client.write(Buffer.concat([upRest, frame(1, Buffer.from('too late'), true)]));
  const wholeDown = Buffer.concat([head.subarray(head.indexOf('\r\n\r\n') + 4), await gotten]);
  const wholeUp = Buffer.concat([sent, await taken]);
  expect(wholeDown.subarray(0, toClient.length).equals(toClient)).toBe(true);
  expect(wholeDown.subarray(toClient.length)).toEqual(Buffer.of(0x88, 2, 0x03, 0xe9));
  expect(wholeUp.subarray(0, toUpstream.length).equals(toUpstream)).toBe(true);
  expect([...wholeUp.subarray(toUpstream.length, toUpstream.length + 2)]).toEqual([0x88, 0x82]);
  expect(unmasked(wholeUp.subarray(toUpstream.length + 2))).toEqual(Buffer.of(0x03, 0xe9));
  client.end();
  behind.end();
  await closing;
});

function unmasked(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(4).map((byte, at) => byte ^ (bytes[at] as number)));
}

test('who does not answer the Close frame is cut', async () => {
  const up = await rawWebSockets();
  const { port, gateway, server } = await attached({ ...open, services: { '/chat': up.url } });
  const opening = once(up.server, 'opened');
  const client = raw(port, upgradeHead('/chat'));
  await opening;
  await readUntil(client, (bytes) => bytes.includes('\r\n\r\n'));
  client.pause();
  await gateway.close();
  await idle(server);
});

test('a Close frame that is on its way is the only one', async () => {
  const up = await webSockets((ws) => {
    ws.on('message', () => ws.close(4000, 'mine'));
  });
  const { url, gateway } = await attached({ ...open, services: { '/chat': up.url } });
  const ws = await opened(url, '/chat');
  ws.send('close');
  await once([...up.wss.clients][0] as WebSocket, 'message');
  const code = closeCode(ws);
  await gateway.close();
  expect([4000, 1001]).toContain(await code);
});

test('a server without its gateway serves on, and upgrades are ordinary requests then', async () => {
  const up = await webSockets();
  const { url, gateway, server } = await attached({ ...open, services: { '/chat': up.url } });
  await gateway.close();
  expect(server.listenerCount('upgrade')).toBe(0);
  expect(
    await send(url, '/elsewhere', { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }),
  ).toMatchObject({
    status: 404,
  });
});

test('a WebSocket that opens while the gateway is closed is closed at once', async () => {
  const up = await rawWebSockets();
  up.server.removeAllListeners('upgrade');
  const { url, gateway } = await attached({ ...open, services: { '/chat': up.url } });
  const asked = once(up.server, 'upgrade');
  up.server.on('upgrade', () => undefined);
  const ws = connectTo(url, '/chat');
  const [req, socket] = await asked;
  const closing = gateway.close();
  socket.write(switching(req));
  expect(await closeCode(ws)).toBe(1001);
  socket.destroy();
  await closing;
});
