import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { type UndiciTransportOptions, undiciTransport } from 'gatewright/undici';
import { cleanup, send, serve } from '../helpers.js';
import { gateway, idle, keepWarnings, rawUpstream, resolveTo, upstream } from './support.js';

function connectionsOf(server: { on(event: 'connection', listener: () => void): unknown }) {
  const count = { of: 0 };
  server.on('connection', () => count.of++);
  return count;
}

/** An upstream that answers when it is told to. */
async function held() {
  const asked = new EventEmitter();
  const server = await serve((_req, res) => asked.emit('request', res));
  const next = async () => ((await once(asked, 'request')) as [ServerResponse])[0];
  return { ...server, next };
}

test.each<[UndiciTransportOptions, string]>([
  [{ keepAliveTimeoutMs: 0 }, 'undiciTransport.keepAliveTimeoutMs'],
  [{ maxIdle: -1 }, 'undiciTransport.maxIdle'],
  [{ maxidle: 1 } as UndiciTransportOptions, 'maxIdle'],
])('%j throws', (options, message) => {
  expect(() => undiciTransport(options)).toThrow(
    expect.objectContaining({ code: 'ERR_GATEWAY_CONFIG', message: expect.stringContaining(message) }),
  );
});

test('requests at one time have connections of their own, and the next ones take them over', async () => {
  const { url, server, next } = await held();
  const connections = connectionsOf(server);
  const { url: at } = await gateway({ services: { '/': url }, transport: undiciTransport() });
  for (let turn = 0; turn < 3; turn++) {
    const running: Promise<unknown>[] = [];
    const answers: ServerResponse[] = [];
    for (let one = 0; one < 3; one++) {
      const asking = next();
      running.push(send(at, '/'));
      answers.push(await asking);
    }
    for (const res of answers) res.end();
    await Promise.all(running);
  }
  expect(connections.of).toBe(3);
});

test('no more idle connections are kept than asked for', async () => {
  const { url, server, next } = await held();
  const { url: at } = await gateway({ services: { '/': url }, transport: undiciTransport({ maxIdle: 0 }) });
  const asking = next();
  const answer = send(at, '/');
  (await asking).end('body');
  expect(await answer).toMatchObject({ body: 'body' });
  await idle(server);
});

test('an idle connection is closed after a while', async () => {
  const { url, server } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  );
  const transport = undiciTransport({ keepAliveTimeoutMs: 10 });
  const { url: at } = await gateway({ services: { '/': url }, transport });
  expect(await send(at, '/')).toMatchObject({ status: 200 });
  await idle(server);
});

test('the connections of a target that is removed are closed, and those of others are not', async () => {
  const [gone, stays] = [await upstream(), await upstream()];
  const { url: at, router } = await gateway({
    services: { '/api': { targets: [gone.url, stays.url] } },
    transport: undiciTransport(),
  });
  const connections = connectionsOf(stays.server);
  for (let turn = 0; turn < 2; turn++) await send(at, '/api');
  await router.targets.remove('api', gone.url);
  await idle(gone.server);
  await send(at, '/api');
  expect([gone.seen.length, stays.seen.length, connections.of]).toEqual([1, 2, 1]);
  router.targets.add('api', gone.url);
  for (let turn = 0; turn < 2; turn++) expect(await send(at, '/api')).toMatchObject({ status: 200 });
});

test('a client that leaves ends the connection that is still being made for it', async () => {
  resolveTo('upstream.test');
  const services = { '/': 'http://upstream.test:8000' };
  const { port, server } = await gateway({ services, transport: undiciTransport() });
  const opened = new EventEmitter();
  const listener = (message: unknown): void =>
    void opened.emit('socket', (message as { socket: Socket }).socket);
  const client = request({ port, agent: false }).end();
  client.on('error', () => undefined);
  await once(client, 'socket');
  subscribe('net.client.socket', listener);
  cleanup(() => unsubscribe('net.client.socket', listener));
  const [socket] = (await once(opened, 'socket')) as [Socket];
  expect(socket.connecting).toBe(true);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  client.destroy();
  await closed;
  await idle(server);
});

test('a 100 (Continue) that nobody has asked for is a failure, and the log says so', async () => {
  const { url } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  );
  const { logger, lines } = keepWarnings();
  const { url: at } = await gateway({ services: { '/': url }, transport: undiciTransport(), logger });
  expect(await send(at, '/')).toMatchObject({ status: 502 });
  expect(lines).toMatchObject([['Upstream failed', { cause: 'bad response' }]]);
});

test('a HEAD whose answer has a body hurts no other request', async () => {
  const { url, sockets: all } = await rawUpstream((socket, bytes) => {
    const length = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n';
    socket.write(
      bytes.startsWith('HEAD')
        ? `${length}HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n`
        : `${length}body`,
    );
  });
  const { url: at } = await gateway({ services: { '/': url }, transport: undiciTransport() });
  expect(await send(at, '/', { method: 'HEAD' })).toMatchObject({ status: 200 });
  expect(await send(at, '/')).toMatchObject({ status: 200, body: 'body' });
  expect(all).toHaveLength(2);
});

test('bytes that come unasked on an idle connection are no answer', async () => {
  const served: Socket[] = [];
  const server = createServer((socket) => {
    served.push(socket.on('error', () => undefined));
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => {
    for (const socket of served) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  const services = { '/': `http://127.0.0.1:${port}` };
  const { url: at } = await gateway({ services, transport: undiciTransport() });
  expect(await send(at, '/')).toMatchObject({ body: 'body' });
  const [first] = served as [Socket];
  const closed = once(first, 'close');
  first.write('HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n');
  await closed;
  expect(await send(at, '/')).toMatchObject({ status: 200, body: 'body' });
});
