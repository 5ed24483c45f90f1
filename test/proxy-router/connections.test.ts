import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { cleanup, send, serve } from '../helpers.js';
import { gateway, idle, rawUpstream, upstream } from './support.js';

/** How many connections a server was ever asked for. */
function countConnections(server: { on(event: 'connection', listener: () => void): unknown }) {
  const count = { of: 0 };
  server.on('connection', () => count.of++);
  return count;
}

test('connections to the upstream are kept and used again, with and without bodies', async () => {
  const { url, server } = await upstream((req, res) => {
    if (req.url === '/empty') res.writeHead(204).end();
    else res.end('body');
  });
  const connections = countConnections(server);
  const { url: at } = await gateway({ services: { '/a': url, '/b': url } });
  const paths = ['/a', '/b', '/a/empty', '/b/x'];
  for (const path of paths) await send(at, path);
  for (const path of paths) await send(at, path, { body: 'an upload', headers: { 'Content-Length': '9' } });
  expect(connections.of).toBe(1);
});

test('a client that closes its connection does not close that to the upstream', async () => {
  const { url, server, seen } = await upstream();
  const connections = countConnections(server);
  const { url: at } = await gateway({ services: { '/': url } });
  for (let turn = 0; turn < 3; turn++) await send(at, '/', { headers: { Connection: 'close' } });
  expect(connections.of).toBe(1);
  expect(seen.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'keep-alive', 'keep-alive']);
});

test('a connection that the upstream has closed is not used again', async () => {
  const { url, sockets } = await rawUpstream((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  );
  const { url: at } = await gateway({ services: { '/': url } });
  for (let turn = 0; turn < 3; turn++) {
    expect(await send(at, '/')).toMatchObject({ status: 200, body: 'ok' });
    const socket = sockets[turn];
    if (!socket?.closed) await once(socket as Socket, 'close');
  }
  expect(sockets).toHaveLength(3);
});

test('close() ends idle connections to upstreams', async () => {
  const { url, server } = await upstream();
  const { url: at, router } = await gateway({ services: { '/': url } });
  await Promise.all([send(at, '/'), send(at, '/')]);
  await router.close();
  await idle(server);
});

test('close() leaves running requests alone, and keeps no connection after them', async () => {
  const asked = new EventEmitter();
  const { url, server } = await serve((_req, res) => asked.emit('request', res));
  const { port, router } = await gateway({ services: { '/': url } });
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [res] = await asking;
  res.write('the beginning');
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  await router.close();
  res.end(' and the end');
  expect(await text(answer)).toBe('the beginning and the end');
  await idle(server);
});

test('close() may be called twice, and a request after it is still served', async () => {
  const { url, server } = await upstream();
  const { url: at, router } = await gateway({ services: { '/': url } });
  await router.close();
  await router.close();
  expect(await send(at, '/')).toMatchObject({ status: 200 });
  await idle(server);
});
