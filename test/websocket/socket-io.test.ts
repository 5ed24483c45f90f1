import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { adminKey } from '../gateway/support.js';
import { cleanup } from '../helpers.js';
import { attached } from './support.js';

test('socket.io begins by polling and goes on over a WebSocket, unchanged', async () => {
  const server = createServer();
  const behind = new Server(server);
  behind.on('connection', (socket) => {
    socket.on('echo', (...args) => {
      const reply = args.pop();
      reply(...args);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => behind.close());
  const { port } = server.address() as AddressInfo;
  const { url } = await attached({
    authenticate: { adminKey },
    services: { '/socket.io': { targets: [`http://127.0.0.1:${port}`], stripPrefix: false } },
  });

  const client = io(url, { extraHeaders: { 'X-API-Key': adminKey }, reconnection: false, forceNew: true });
  cleanup(() => client.close());
  await new Promise<void>((resolve, reject) => {
    client.on('connect', resolve);
    client.on('connect_error', reject);
  });
  expect(client.io.engine.transport.name).toBe('polling');
  await new Promise<void>((resolve) => client.io.engine.once('upgrade', () => resolve()));
  expect(client.io.engine.transport.name).toBe('websocket');
  const binary = Buffer.alloc(100_000, 7);
  const [text, bytes] = await new Promise<[string, Buffer]>((resolve) =>
    client.emit('echo', 'grüß Gott', binary, (...answer: [string, Buffer]) => resolve(answer)),
  );
  expect(text).toBe('grüß Gott');
  expect(binary.equals(bytes)).toBe(true);
});
