import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { expect, test } from '@jest/globals';
import { serve } from '../helpers.js';
import { ask, gateway } from './http2-support.js';
import { idle, rawUpstream } from './support.js';

const { NGHTTP2_CANCEL } = constants;

test('events arrive one by one, and a client that leaves aborts the upstream request', async () => {
  const asked = new EventEmitter();
  const { url, server } = await serve((_req, res) => {
    res.flushHeaders();
    asked.emit('request', res);
  });
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const { client, ended } = await gateway(url);
  const stream = client.request({ ':path': '/api' });
  const [res] = await asking;
  await once(stream, 'response');
  for (const event of ['data: one\n\n', 'data: two\n\n']) {
    res.write(event);
    expect(String((await once(stream, 'data'))[0])).toBe(event);
  }
  const closed = once(res, 'close');
  stream.close(NGHTTP2_CANCEL);
  await closed;
  expect(res.writableFinished).toBe(false);
  const [{ outcome }] = await ended;
  expect(outcome.ending).toBe('aborted');
  await idle(server);
});

test('a client that leaves while it waits aborts the upstream request', async () => {
  const asked = new EventEmitter();
  const { url, server } = await serve((_req, res) => asked.emit('request', res));
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const { client, ended } = await gateway(url);
  const stream = client.request({ ':path': '/api' });
  const [res] = await asking;
  const closed = once(res, 'close');
  stream.close(NGHTTP2_CANCEL);
  await closed;
  const [{ outcome }] = await ended;
  expect([outcome.ending, outcome.status]).toEqual(['aborted', 499]);
  await idle(server);
});

test.each([
  ['is cut', 'Content-Length: 9\r\n\r\nhalf', undefined],
  ['cannot be read', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'not a length\r\n'],
])('an answer that %s, is cut for the client too, and has failed', async (_what, beginning, end) => {
  const { url, sockets } = await rawUpstream((socket) => socket.write(`HTTP/1.1 200 OK\r\n${beginning}`));
  const { client, ended } = await gateway(url);
  const stream = client.request({ ':path': '/api' });
  await once(stream, 'data');
  const broken = once(stream, 'error');
  if (end) sockets[0]?.write(end);
  else sockets[0]?.destroy();
  expect(String((await broken)[0])).toMatch(/NGHTTP2_/);
  const [{ outcome }] = await ended;
  expect([outcome.ending, outcome.status]).toEqual(['failed', 200]);
});

test('a client that leaves during an upload aborts the upstream request', async () => {
  const asked = new EventEmitter();
  const { url, server } = await serve((req) => asked.emit('request', req));
  const asking = once(asked, 'request') as Promise<[IncomingMessage]>;
  const { client, socket, ended } = await gateway(url);
  const stream = client.request({ ':path': '/api', ':method': 'POST' });
  stream.on('error', () => undefined);
  stream.write('the beginning');
  const [req] = await asking;
  await once(req, 'data');
  const broken = once(req, 'error');
  socket.destroy();
  await broken;
  expect(req.complete).toBe(false);
  const [{ outcome }] = await ended;
  expect([outcome.ending, outcome.status]).toEqual(['aborted', 499]);
  await idle(server);
});

test.each([
  ['an answer before the end of a large upload reaches the client', 413],
  ['a failure before the end of a large upload reaches the client', 502],
])('%s, whose upload is read to its end', async (_what, status) => {
  const { url } = await serve((_req, res) => {
    if (status === 502) res.destroy();
    else res.writeHead(status).end();
  });
  const { client } = await gateway(url);
  const large = 'x'.repeat(4 * 2 ** 20);
  for (let turn = 0; turn < 2; turn++) {
    const { headers } = await ask(client, { ':path': '/api', ':method': 'POST' }, large);
    expect(headers[':status']).toBe(status);
  }
});
