import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { cleanup, send, serve } from '../helpers.js';
import { rawUpstream, until } from '../proxy-router/support.js';
import { webSockets } from '../websocket/support.js';
import { key, valid } from './certificates.js';
import { started } from './support.js';

/** An upstream that holds its answers. */
async function held() {
  const responses: ServerResponse[] = [];
  const server = await serve((_req, res) => {
    res.write('begun');
    responses.push(res);
  });
  return { ...server, responses };
}

function ask(port: number, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) =>
    request({ host: '127.0.0.1', port, path: '/api', agent: agent ?? false }, resolve)
      .once('error', reject)
      .end(),
  );
}

test('what runs ends, what is new is refused, and closing waits for it', async () => {
  const behind = await held();
  const { port, close, url } = await started({ services: { '/api': behind.url } });
  const answer = await ask(port);
  let closed = false;
  const closing = close().then(() => {
    closed = true;
  });
  await expect(send(url, '/health/live')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(closed).toBe(false);
  behind.responses[0]?.end(', and ended');
  expect(await text(answer)).toBe('begun, and ended');
  await closing;
});

test('says that it is not ready while it still takes requests', async () => {
  const { close, url } = await started({ server: { drainDelayMs: 60_000 } });
  const closing = close();
  const ready = await send(url, '/health/ready');
  expect([ready.status, ready.body]).toEqual([503, '{"status":"draining"}']);
  expect((await send(url, '/health/live')).status).toBe(200);
  close(); // At once.
  await closing;
});

test('kept connections without a request are closed, those with one after it', async () => {
  const behind = await held();
  const { port, close, server } = await started({ services: { '/api': behind.url } });
  const agent = new Agent({ keepAlive: true });
  cleanup(() => agent.destroy());
  const [one, two] = await Promise.all([ask(port, agent), ask(port, agent)]);
  behind.responses[0]?.end();
  await text(one);
  const closing = close();
  await until(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count === 1))));
  behind.responses[1]?.end();
  await text(two);
  await closing;
});

test('what has not ended in time is cut, and still settled and recorded', async () => {
  const behind = await held();
  const recorded: unknown[] = [];
  const sink = {
    write: (batch: readonly { ending: string }[]) => void recorded.push(...batch.map((e) => e.ending)),
  };
  const { port, close } = await started({
    services: { '/api': behind.url },
    server: { drainTimeoutMs: 50 },
    analytics: { sinks: [sink] },
  });
  const answer = await ask(port);
  const cut = once(answer, 'error');
  answer.resume();
  await close();
  expect((await cut)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(recorded).toEqual(['aborted']);
});

test('closing twice waits for nobody', async () => {
  const behind = await held();
  const { port, close } = await started({ services: { '/api': behind.url } });
  (await ask(port)).on('error', () => undefined).resume();
  const closing = close();
  close();
  await closing;
});

test('WebSockets are closed with the code 1001', async () => {
  const sockets = await webSockets();
  const { port, close } = await started({ services: { '/api': sockets.url } });
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api`);
  await once(ws, 'open');
  const closed = once(ws, 'close');
  await close();
  expect((await closed)[0]).toBe(1001);
});

test('HTTP/2 connections are told to go, and streams that run end', async () => {
  const behind = await held();
  const { port, close } = await started({
    services: { '/api': behind.url },
    server: { tls: { cert: valid, key } },
  });
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: valid });
  cleanup(() => client.destroy());
  const stream = client.request({ ':path': '/api' });
  await once(stream, 'response');
  const away = once(client, 'goaway');
  const closing = close();
  await away;
  behind.responses[0]?.end(', and ended');
  expect(await text(stream)).toBe('begun, and ended');
  await closing;
});

test('answers that wait behind that of a client that leaves hold nothing up', async () => {
  const behind = await held();
  const { port, close } = await started({ services: { '/api': behind.url } });
  const socket = connect(port, '127.0.0.1', () => socket.write(line.repeat(3)));
  const line = 'GET /api HTTP/1.1\r\nHost: a\r\n\r\n';
  await until(async () => behind.responses.length === 3);
  const closing = close();
  socket.destroy();
  await closing;
});

test('what is on its way on a WebSocket arrives before it is closed', async () => {
  const upgraded =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ';
  const behind = await rawUpstream((socket, bytes) => {
    const nonce = /^sec-websocket-key: (.*)$/im.exec(bytes)?.[1]?.trim() as string;
    const accept = createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`${upgraded}${accept}\r\n\r\n`);
    socket.write(Buffer.from([0x81, 5, ...Buffer.from('hel')]));
    socket.on('data', () => socket.end(Buffer.from([0x88, 0]))); // What comes is a Close frame.
  });
  const { port, close } = await started({ services: { '/api': behind.url } });
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api`);
  const message = once(ws, 'message');
  const closed = once(ws, 'close');
  await once(ws, 'open');
  const closing = close();
  await new Promise((resolve) => setImmediate(resolve));
  behind.sockets[0]?.write('lo');
  expect(String((await message)[0])).toBe('hello');
  expect((await closed)[0]).toBe(1001);
  await closing;
});
