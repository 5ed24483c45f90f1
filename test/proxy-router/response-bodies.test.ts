import { expect, test } from '@jest/globals';
import { send, sendRaw } from '../helpers.js';
import { gateway, rawUpstream, upstream } from './support.js';

/** The whole answer to `line`, for an upstream that answers with these bytes and, if told so, closes. */
async function relayed(line: string, bytes: string, close = false) {
  const { url } = await rawUpstream((socket) => {
    if (close) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
  const { port } = await gateway({ services: { '/': url } });
  const answer = await sendRaw(port, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const [head = '', body] = answer.split(/\r\n\r\n(.*)/s);
  return { head, body };
}

test('a body with a length keeps it', async () => {
  const { head, body } = await relayed('GET / HTTP/1.1', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody');
  expect([body, /^content-length: (.*)$/im.exec(head)?.[1]]).toEqual(['body', '4']);
  expect(head).not.toMatch(/transfer-encoding/i);
});

test('a chunked body stays chunked', async () => {
  const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
  const { head, body } = await relayed('GET / HTTP/1.1', bytes);
  expect(head).toMatch(/^transfer-encoding: chunked$/im);
  expect(body).toBe('4\r\nbody\r\n0\r\n\r\n');
});

test('a chunked body ends with the connection for a client of HTTP/1.0', async () => {
  const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
  const { head, body } = await relayed('GET / HTTP/1.0', bytes);
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(head).toMatch(/^connection: close$/im);
  expect(body).toBe('body');
});

test('a body that ends with the connection of the upstream is whole', async () => {
  const { head, body } = await relayed('GET / HTTP/1.1', 'HTTP/1.0 200 OK\r\n\r\nbody', true);
  expect(head).toMatch(/^transfer-encoding: chunked$/im);
  expect(body).toBe('4\r\nbody\r\n0\r\n\r\n');
});

test('an empty body stays empty', async () => {
  const { head, body } = await relayed('GET / HTTP/1.1', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  expect([body, head.includes('Content-Length: 0')]).toEqual(['', true]);
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  expect((await relayed('GET / HTTP/1.1', chunked)).body).toMatch(/^(?:0\r\n\r\n)?$/);
});

test('early hints of the upstream go on, and are not taken for the final answer', async () => {
  const bytes =
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody';
  const { head, body } = await relayed('GET / HTTP/1.1', bytes);
  expect(head).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a>');
  expect(body).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\nbody$/);
});

test.each([
  ['HEAD with a length', 'HEAD', '200 OK\r\nContent-Length: 1000', /^content-length: 1000$/im],
  ['HEAD of a chunked body', 'HEAD', '200 OK\r\nTransfer-Encoding: chunked', /^HTTP\/1\.1 200 OK/],
  ['204', 'DELETE', '204 No Content\r\nX-Left: 3', /^x-left: 3$/im],
  ['304', 'GET', '304 Not Modified\r\nETag: "1"\r\nContent-Length: 1000', /^etag: "1"$/im],
])('%s has no body, and nobody waits for one', async (_what, method, answer, expected) => {
  const { head, body } = await relayed(`${method} / HTTP/1.1`, `HTTP/1.1 ${answer}\r\n\r\n`);
  expect(body).toBe('');
  expect(head).toMatch(expected);
});

test('one connection carries one answer after the other, with bodies and without', async () => {
  const { url } = await upstream((req, res) => {
    res.statusCode = Number(req.url?.slice(1));
    res.end('body');
  });
  const { port } = await gateway({ services: { '/': url } });
  const lines = ['GET /200', 'HEAD /201', 'GET /204', 'POST /304', 'OPTIONS /500'];
  const requests = lines.map((line) => `${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const last = 'GET /202 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const answers = (await sendRaw(port, requests.join('') + last)).split(/(?=HTTP\/1\.1)/);
  expect(answers.map((answer) => [answer.slice(9, 12), answer.split('\r\n\r\n')[1]])).toEqual([
    ['200', 'body'],
    ['201', ''],
    ['204', ''],
    ['304', ''],
    ['500', 'body'],
    ['202', 'body'],
  ]);
});

test('a compressed body passes as it is', async () => {
  const bytes = Buffer.from('1f8b0800000000000003', 'hex').toString('latin1');
  const { url } = await upstream((_req, res) => {
    res.setHeader('Content-Encoding', 'gzip');
    res.end(Buffer.from(bytes, 'latin1'));
  });
  const { url: at } = await gateway({ services: { '/': url } });
  const { headers } = await send(at, '/');
  expect(headers).toMatchObject({ 'content-encoding': 'gzip' });
  const { port } = new URL(at);
  const raw = await sendRaw(Number(port), 'GET / HTTP/1.0\r\n\r\n');
  expect(raw.endsWith(`\r\n\r\n${bytes}`)).toBe(true);
});
