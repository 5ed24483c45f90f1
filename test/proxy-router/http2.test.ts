import { expect, test } from '@jest/globals';
import { ask, gateway } from './http2-support.js';
import { byTransport, rawUpstream, upstream } from './support.js';

test('GET', async () => {
  const { url, seen } = await upstream((_req, res) => {
    res.writeHead(203, 'Well', {
      Connection: 'close',
      'Keep-Alive': 'timeout=1',
      'Set-Cookie': ['a=1', 'b=2'],
    });
    res.end('from upstream');
  });
  const { client, ended } = await gateway(url);
  const answer = await ask(client, {
    ':path': '/api/x?a=%2F',
    ':authority': 'shop.example',
    te: 'trailers',
    cookie: 'c=1',
  });
  expect(answer).toMatchObject({
    headers: { ':status': 203, 'set-cookie': ['a=1', 'b=2'], 'x-request-id': expect.any(String) },
    body: 'from upstream',
  });
  expect(answer.headers).not.toHaveProperty('keep-alive');
  expect(seen).toMatchObject([
    {
      method: 'GET',
      url: '/x?a=%2F',
      body: '',
      headers: {
        host: new URL(url).host,
        'x-forwarded-host': 'shop.example',
        via: '2.0 gatewright',
        connection: 'keep-alive',
        cookie: 'c=1',
      },
    },
  ]);
  expect(seen[0]?.rawHeaders.filter((name) => name.startsWith(':') || name === 'te')).toEqual([]);
  const [{ outcome }] = await ended;
  expect([outcome.ending, outcome.status]).toEqual(['finished', 203]);
});

test.each(['POST', 'PUT', 'GET', 'DELETE', 'OPTIONS'])(
  '%s with a body of no length: nothing in it is taken for a request',
  async (method) => {
    const body = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const { url, seen } = await upstream();
    const { client } = await gateway(url);
    expect(await ask(client, { ':path': '/api', ':method': method }, body)).toMatchObject({
      headers: { ':status': 200 },
    });
    expect(seen).toMatchObject([{ method, url: '/', body }]);
  },
);

test('a body with a length keeps it, and none stays none', async () => {
  const { url, seen } = await upstream();
  const { client } = await gateway(url);
  await ask(client, { ':path': '/api', ':method': 'POST', 'content-length': '4' }, 'body');
  await ask(client, { ':path': '/api', ':method': 'POST' });
  await ask(client, { ':path': '/api', ':method': 'POST' }, '');
  expect(seen).toMatchObject([
    { body: 'body', headers: { 'content-length': '4' } },
    { body: '', headers: { 'content-length': '0' } },
    {
      body: '',
      headers: byTransport<object>({
        default: { 'transfer-encoding': 'chunked' },
        undici: { 'content-length': '0' },
      }),
    },
  ]);
});

test.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('%s %d has no body', async (method, status) => {
  const { url } = await upstream((_req, res) => {
    res.statusCode = status;
    res.end('body');
  });
  const { client } = await gateway(url);
  const answer = await ask(client, { ':path': '/api', ':method': method });
  expect([answer.headers[':status'], answer.body]).toEqual([status, '']);
});

test('502 where the upstream fails', async () => {
  const { url } = await rawUpstream((socket) => socket.destroy());
  const { client } = await gateway(url);
  const answer = await ask(client, { ':path': '/api', ':method': 'POST' }, 'body');
  expect([answer.headers[':status'], answer.body]).toEqual([502, '{"error":"Bad gateway","service":"api"}']);
});

test('connections to the upstream are kept and used again', async () => {
  const { url, server } = await upstream();
  let connections = 0;
  server.on('connection', () => connections++);
  const { client } = await gateway(url);
  for (let turn = 0; turn < 3; turn++) await ask(client, { ':path': '/api' });
  expect(connections).toBe(1);
});
