import { EventEmitter, once } from 'node:events';
import { Agent, type IncomingMessage, request, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { cleanup, send, serve } from '../helpers.js';
import { byTransport, gateway, rawUpstream } from './support.js';

const large = Buffer.alloc(8 * 2 ** 20, 'x');

/** A client that keeps its connection, as one does that wants to read an answer in any case. */
function visitor(port: number, server: Server) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(() => agent.destroy());
  const connections: unknown[] = [];
  server.on('connection', (socket) => connections.push(socket));
  return { upload, connections };

  /** Sends the whole of a large body, whether it is read or not, and gives the answer. */
  async function upload() {
    const client = request({ port, method: 'POST', agent });
    const sent = new Promise<void>((resolve) => client.end(large, resolve));
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    const body = await text(answer);
    await sent;
    return { status: answer.statusCode, body };
  }
}

test('an answer before the end of an upload reaches the client, which can go on to its next request', async () => {
  const { url } = await serve((_req, res) => {
    res.writeHead(413).end('too much');
  });
  const { port, server } = await gateway({ services: { '/': url } });
  const { upload, connections } = visitor(port, server);
  for (let turn = 0; turn < 3; turn++) expect(await upload()).toEqual({ status: 413, body: 'too much' });
  expect(connections).toHaveLength(1);
});

/** Some requests through the gateway, which leave it time for all that has happened before. */
async function roundTrips(url: string): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await send(url, '/quick');
}

test('an answer that is whole stays so where the upstream resets the rest of the upload', async () => {
  const asked = new EventEmitter();
  const hasty = await rawUpstream((socket) => asked.emit('socket', socket.pause()));
  const slow = await serve((_req, res) => asked.once('release', () => res.end('slow')));
  const quick = await serve((_req, res) => res.end('quick'));
  const services = { '/hasty': hasty.url, '/slow': slow.url, '/quick': quick.url };
  const { url, port } = await gateway({ services });

  // The hasty answer has to wait in the gateway for the slow one before it.
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\n`;
  const client = connect(port, '127.0.0.1');
  cleanup(() => client.destroy());
  client.write(`${head('GET /slow')}\r\n${head('POST /hasty')}Content-Length: 1000000\r\n\r\nhalf`);
  const [socket] = (await once(asked, 'socket')) as [Socket];
  client.write('more'.repeat(100_000));
  await roundTrips(url);
  // Of an answer that is held back, undici leaves unread what it hands on no more.
  const size = byTransport({ default: 20_000, undici: 2000 });
  const body = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n4\r\nlast\r\n0\r\n\r\n`;
  socket.write(`HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  await roundTrips(url);
  socket.destroy(); // With much unread, this is a reset.
  await roundTrips(url);
  asked.emit('release');

  let received = '';
  for await (const chunk of client) {
    received += chunk;
    if (received.endsWith(body)) break;
  }
  expect(received).toMatch(/\r\n\r\nslowHTTP\/1\.1 413 Too Large\r\n/);
});

test('where the upstream cannot be reached, an upload is answered all the same', async () => {
  const { url, server: gone } = await serve(() => undefined);
  gone.close();
  const { port, server } = await gateway({ services: { '/': url } });
  const { upload, connections } = visitor(port, server);
  for (let turn = 0; turn < 3; turn++) expect(await upload()).toMatchObject({ status: 502 });
  expect(connections).toHaveLength(1);
});

test('where the upstream is too slow, an upload is answered all the same', async () => {
  const { url } = await serve(() => undefined);
  const services = { '/': { targets: [url], timeouts: { firstByteMs: 20 } } };
  const { port, server } = await gateway({ services });
  const { upload, connections } = visitor(port, server);
  for (let turn = 0; turn < 3; turn++) expect(await upload()).toMatchObject({ status: 504 });
  expect(connections).toHaveLength(1);
});

test('where the upstream answers what is no answer, an upload is answered all the same', async () => {
  const { url } = await rawUpstream((socket) => {
    socket.write('HTTP/1.1 099 Low\r\nContent-Length: 9\r\n\r\nhalf');
  });
  const { port, server } = await gateway({ services: { '/': url } });
  const { upload, connections } = visitor(port, server);
  for (let turn = 0; turn < 3; turn++) expect(await upload()).toMatchObject({ status: 502 });
  expect(connections).toHaveLength(1);
});
