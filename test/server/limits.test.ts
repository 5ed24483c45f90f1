import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { cleanup, send, sendRaw, serve } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { started } from './support.js';

/** A connection that has sent so much, and what it is told until it is closed. */
function opened(port: number, bytes: string): { socket: Socket; end: Promise<string> } {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  cleanup(() => socket.destroy());
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  return { socket, end: once(socket, 'close').then(() => received) };
}

const JSON_408 = '\r\n\r\n{"error":"Request timeout"}';

test('header fields that take too long are 408, and others are served meanwhile', async () => {
  const { port, url } = await started({ server: { headersTimeoutMs: 300 } });
  const { socket, end } = opened(port, 'GET /health/live HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => socket.write('X-A: b\r\n'), 20);
  cleanup(() => clearInterval(drip));
  expect((await send(url, '/health/live')).status).toBe(200);
  const answer = await end;
  expect(answer.startsWith('HTTP/1.1 408 Request Timeout\r\nConnection: close')).toBe(true);
  expect(answer.endsWith(JSON_408)).toBe(true);
});

test('a connection that says nothing is closed', async () => {
  const { port } = await started({ server: { headersTimeoutMs: 200 } });
  expect(await opened(port, '').end).toContain('408');
});

test('a body that takes too long ends the request, at the upstream too', async () => {
  let left: Promise<unknown> | undefined;
  const behind = await serve((req) => {
    req.on('error', () => undefined);
    left = new Promise((resolve) => req.once('close', resolve));
  });
  const server = { headersTimeoutMs: 300, requestTimeoutMs: 400 };
  const { port } = await started({ services: { '/api': behind.url }, server });
  const { end } = opened(port, 'POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
  await end;
  await left;
});

test('a client that takes nothing of its answer is cut off, one that takes it slowly is not', async () => {
  const behind = await upstream((_req, res) => {
    res.write(Buffer.alloc(20_000_000));
    res.end();
  });
  const { port } = await started({ services: { '/api': behind.url }, server: { sendTimeoutMs: 400 } });
  const ask = 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const slow = connect(port, '127.0.0.1', () => slow.write(ask));
  cleanup(() => slow.destroy());
  let received = 0;
  slow.on('data', (chunk) => {
    received += chunk.length;
    slow.pause();
    setTimeout(() => slow.resume(), 2);
  });
  const stuck = connect(port, '127.0.0.1', () => stuck.write(ask));
  stuck.pause();
  stuck.on('error', () => undefined);
  cleanup(() => stuck.destroy());
  await once(slow, 'close');
  expect(received).toBeGreaterThan(20_000_000);
  // What is on its way to a client that reads nothing shows no end: only what it is sent then does.
  stuck.resume();
  let taken = 0;
  stuck.on('data', (chunk) => {
    taken += chunk.length;
  });
  await once(stuck, 'close');
  expect(taken).toBeLessThan(20_000_000);
});

test('more fields than may be are 431, many small ones too', async () => {
  const { port } = await started({ server: { maxHeaderBytes: 2048 } });
  const long = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(3000)}\r\n\r\n`);
  expect(long.startsWith('HTTP/1.1 431 ')).toBe(true);
  expect(long).toContain('{"error":"Request header fields too large"}');
  const many = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${'ab: c\r\n'.repeat(1000)}\r\n`);
  expect(many.startsWith('HTTP/1.1 431 ')).toBe(true);
});

test('no field is left out without a word, however many there are', async () => {
  const behind = await upstream();
  behind.server.maxHeadersCount = 0;
  const { port } = await started({ services: { '/api': behind.url }, server: { maxHeaderBytes: 65_536 } });
  const fields = Array.from({ length: 2100 }, (_, at) => `x${at}: 1\r\n`).join('');
  await sendRaw(port, `GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}X-Last: 1\r\n\r\n`);
  expect(behind.seen[0]?.headers['x-last']).toBe('1');
});

test('what is no HTTP is 400', async () => {
  const { port } = await started();
  const answer = await sendRaw(port, '\x16\x03\x01 hello\r\n\r\n');
  expect(answer.startsWith('HTTP/1.1 400 Bad Request\r\n')).toBe(true);
  expect(answer).toContain('{"error":"Bad request"}');
});

test('more connections than may be are closed at once', async () => {
  const { port } = await started({ server: { maxConnections: 2 } });
  const [one, two] = [opened(port, ''), opened(port, '')];
  await Promise.all([one, two].map(({ socket }) => once(socket, 'connect')));
  expect(await opened(port, '').end).toBe('');
  one.socket.destroy();
  await one.end;
  const third = opened(port, 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(await third.end).toContain('HTTP/1.1 200 OK');
});

test('a connection carries no more requests than it may', async () => {
  const { port } = await started({ server: { maxRequestsPerSocket: 2 } });
  const ask = 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n';
  const { socket } = opened(port, ask);
  const next = async (): Promise<string> => String((await once(socket, 'data'))[0]);
  expect(await next()).toContain('Connection: keep-alive');
  socket.write(ask);
  expect(await next()).toContain('Connection: close');
  socket.write(ask);
  expect(await next()).toContain('HTTP/1.1 503 ');
});

test('what cannot be read is not answered into the answer before it', async () => {
  const behind = await serve((_req, res) => {
    res.writeHead(200, { 'Content-Length': 1000 });
    res.write('begun');
  });
  const { port } = await started({ services: { '/api': behind.url } });
  const { socket, end } = opened(port, 'GET /api HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.on('data', (chunk) => {
    if (String(chunk).includes('begun')) socket.write('no request\r\n\r\n');
  });
  const answer = await end;
  expect(answer.endsWith('\r\n\r\nbegun')).toBe(true);
});
