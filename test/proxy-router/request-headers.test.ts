import { expect, test } from '@jest/globals';
import type { Middleware } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { send, sendRaw } from '../helpers.js';
import { gateway, upstream } from './support.js';

/** The header fields that reach an upstream for those that a client sends. */
async function forwarded(headers: Record<string, string | string[]>, before?: Middleware, method = 'GET') {
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url } }, ...(before ? [before] : []));
  const answer = await send(at, '/', { headers, method });
  return { headers: seen[0]?.headers ?? {}, rawHeaders: seen[0]?.rawHeaders ?? [], url, answer };
}

test('fields about the connection stay on it', async () => {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { '/': url } });
  const fields = [
    'Keep-Alive: timeout=5',
    'Proxy-Authorization: Basic c2VjcmV0',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Trailer: X-Checksum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    'Connection: close, Upgrade,http2-settings , X-Private',
    'X-Private: hop',
    'X-Public: end',
  ];
  await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${fields.join('\r\n')}\r\n\r\n`);
  expect(Object.keys(seen[0]?.headers ?? {}).sort()).toEqual([
    'connection',
    'forwarded',
    'host',
    'traceparent',
    'via',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-gateway-subject',
    'x-gateway-tier',
    'x-public',
    'x-request-id',
  ]);
  expect(seen[0]?.headers.connection).toBe('keep-alive');
});

test('Connection cannot take away what framing and routing need, nor what the gateway writes', async () => {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { '/': url } });
  const names = 'host, content-length, content-type, x-gateway-subject, x-request-id, x-forwarded-for, via';
  const bytes = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close, ${names}\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody`;
  expect(await sendRaw(port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
  expect(seen[0]).toMatchObject({
    body: 'body',
    headers: {
      host: new URL(url).host,
      'content-length': '4',
      'content-type': 'text/plain',
      'x-gateway-subject': 'ip:127.0.0.1',
      'x-request-id': expect.any(String),
      'x-forwarded-for': '127.0.0.1',
      via: '1.1 gatewright',
    },
  });
  expect(seen).toHaveLength(1);
});

test('Connection cannot take away the framing of a chunked body', async () => {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { '/': url } });
  const head =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n';
  await sendRaw(port, `${head}1a\r\nGET /smuggled HTTP/1.1\r\n\r\n\r\n0\r\n\r\n`);
  expect(seen.map(({ url: path, body }) => [path, body])).toEqual([['/', 'GET /smuggled HTTP/1.1\r\n\r\n']]);
});

test('forged fields of a gateway are dropped, with dashes or underscores, in whatever case', async () => {
  const { headers, rawHeaders } = await forwarded({
    'X-Gateway-Subject': 'key:admin',
    'x-gateway-tier': 'enterprise',
    'X-GATEWAY-Other': 'x',
    X_Gateway_Subject: 'key:admin',
    'x_gateway-tier': 'enterprise',
    'X-Gateway_Permissions': '*',
    'X-Gateways': 'kept',
  });
  expect(headers).toMatchObject({
    'x-gateway-subject': 'ip:127.0.0.1',
    'x-gateway-tier': 'free',
    'x-gateways': 'kept',
  });
  expect(rawHeaders.filter((name) => /^x[-_]gateway[-_]/i.test(name))).toHaveLength(2);
});

test('the upstream learns the identity that was proven', async () => {
  const { headers } = await forwarded({}, (req, res, next) => {
    contextOf(req, res).identity = {
      id: 'k1',
      method: 'api-key',
      tier: 'premium',
      permissions: [],
      metadata: {},
    };
    next();
  });
  expect(headers).toMatchObject({ 'x-gateway-subject': 'key:k1', 'x-gateway-tier': 'premium' });
});

test('the request id is sent both ways: the client’s own if it is sane', async () => {
  const { headers, answer } = await forwarded({ 'X-Request-Id': 'abc-123' });
  expect([headers['x-request-id'], answer.headers['x-request-id']]).toEqual(['abc-123', 'abc-123']);
  const other = await forwarded({ 'X-Request-Id': 'not sane' });
  expect(other.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  expect(other.answer.headers['x-request-id']).toBe(other.headers['x-request-id']);
});

test('everything else passes as it is', async () => {
  const { headers, url } = await forwarded({
    Authorization: 'Bearer upstream-token',
    Cookie: ['a=1', 'b=2'],
    Accept: ['text/html', 'text/plain'],
    'X-Latin': 'caf\xe9',
    'X-Empty': '',
    'If-None-Match': 'W/"1"',
  });
  expect(headers).toMatchObject({
    authorization: 'Bearer upstream-token',
    cookie: 'a=1; b=2',
    accept: 'text/html, text/plain',
    'x-latin': 'caf\xe9',
    'x-empty': '',
    'if-none-match': 'W/"1"',
    host: new URL(url).host,
  });
});

test.each(['GET', 'DELETE', 'OPTIONS'])(
  'what others read from a %s stays as the client sent it',
  async (method) => {
    let before: unknown;
    let after: unknown;
    const watch: Middleware = (req, res, next) => {
      before = { headers: { ...req.headers }, url: req.url };
      res.once('finish', () => {
        after = { headers: { ...req.headers }, url: req.url };
      });
      next();
      expect({ headers: { ...req.headers }, url: req.url }).toEqual(before);
    };
    await forwarded({ 'X-Gateway-Tier': 'forged', Host: 'example.com' }, watch, method);
    expect(after).toEqual(before);
  },
);
