import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { send, sendRaw } from '../helpers.js';
import { byTransport, gateway, upstream } from './support.js';

/** What reaches the upstream for a request written by hand; requests after it would be seen too. */
async function forwarded(head: string, body = '') {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { '/': url } });
  const answer = await sendRaw(port, `${head}\r\nHost: a\r\nConnection: close\r\n\r\n${body}`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  return seen.map(({ method, body: received, headers }) => ({
    method,
    body: received,
    length: headers['content-length'],
    coding: headers['transfer-encoding'],
  }));
}

const chunked = '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';

test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('a %s without a body has none', async (method) => {
  expect(await forwarded(`${method} / HTTP/1.1`)).toEqual([{ method, body: '' }]);
});

test.each(['POST', 'PUT', 'PATCH'])('a %s without a body goes on as empty', async (method) => {
  expect(await forwarded(`${method} / HTTP/1.1`)).toEqual([{ method, body: '', length: '0' }]);
  expect(await forwarded(`${method} / HTTP/1.1\r\nContent-Length: 0`)).toEqual([
    { method, body: '', length: '0' },
  ]);
});

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
  'a %s with a length keeps it',
  async (method) => {
    expect(await forwarded(`${method} / HTTP/1.1\r\nContent-Length: 4`, 'body')).toEqual([
      { method, body: 'body', length: '4' },
    ]);
  },
);

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
  'a %s with a chunked body stays chunked, so that nothing in it is taken for a request',
  async (method) => {
    expect(await forwarded(`${method} / HTTP/1.1\r\nTransfer-Encoding: chunked`, chunked)).toEqual([
      { method, body: 'hello world', coding: 'chunked' },
    ]);
  },
);

test('a chunked body that is empty stays so', async () => {
  const framing = byTransport<object>({ default: { coding: 'chunked' }, undici: { length: '0' } });
  expect(await forwarded('POST / HTTP/1.1\r\nTransfer-Encoding: chunked', '0\r\n\r\n')).toEqual([
    { method: 'POST', body: '', ...framing },
  ]);
});

test('trailers of a chunked body are not among the header fields', async () => {
  const body = '4\r\nbody\r\n0\r\nX-Gateway-Tier: enterprise\r\n\r\n';
  expect(await forwarded('POST / HTTP/1.1\r\nTransfer-Encoding: chunked', body)).toEqual([
    { method: 'POST', body: 'body', coding: 'chunked' },
  ]);
});

test('an HTTP/1.0 client with a body', async () => {
  expect(await forwarded('POST / HTTP/1.0\r\nContent-Length: 4', 'body')).toEqual([
    { method: 'POST', body: 'body', length: '4' },
  ]);
});

test('bytes of any value pass', async () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url } });
  await send(at, '/', { body: bytes });
  expect(Buffer.from(seen[0]?.body ?? '', 'latin1').equals(bytes)).toBe(true);
});

test('chunks go on as they come, long before the last', async () => {
  const { url, server } = await upstream();
  server.removeAllListeners('request');
  const { port } = await gateway({ services: { '/': url } });
  const answer = new Promise<string>((resolve, reject) => {
    const client = request({ port, method: 'POST', agent: false }, (res) => resolve(text(res)));
    client.once('error', reject);
    client.write('one');
    server.on('request', async (req, res) => {
      const received: string[] = [];
      for await (const chunk of req) {
        received.push(String(chunk));
        if (received.length === 1) client.write('two');
        if (received.length === 2) client.end('three');
      }
      res.end(received.join(' '));
    });
  });
  expect(await answer).toBe('one two three');
});
