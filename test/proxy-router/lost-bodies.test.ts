import { describe, expect, test } from '@jest/globals';
import express from 'express';
import type { Middleware } from 'gatewright';
import { send, serve } from '../helpers.js';
import { gateway, keepWarnings, routerOf, upstream } from './support.js';

const multipart = 'multipart/form-data; boundary=b';
const form = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n';

/** Reads a body and keeps only what it makes of it, as parsers of multipart forms do. */
function reads(body: unknown): Middleware {
  return (req, _res, next) => {
    req.resume().once('end', () => {
      Object.assign(req, { body });
      next();
    });
  };
}

test.each([
  ['a multipart form read into fields', multipart, { a: '1' }],
  ['a body read and thrown away', 'text/plain', undefined],
  ['a form read into nested fields', 'application/x-www-form-urlencoded', { a: { b: '1' } }],
  ['a body of an unknown type read into an object', 'application/x-yaml', { a: 1 }],
  ['a body without a type read into an object', '', { a: 1 }],
  ['text in an encoding that Node cannot write', 'text/plain; charset=koi8-r', 'text'],
  [
    'a form in another encoding than UTF-8',
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    { a: 'b' },
  ],
  ['JSON that cannot be written again', 'application/json', { a: 1n }],
])('%s: 500, and the upstream sees nothing', async (_what, type, body) => {
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url } }, reads(body));
  const answer = await send(at, '/', { body: form, headers: { ...(type && { 'Content-Type': type }) } });
  expect(answer).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
  expect(seen).toEqual([]);
  expect(await send(at, '/')).toMatchObject({ status: 200 });
});

test('the log says what to do', async () => {
  const { logger, lines } = keepWarnings();
  const { url } = await upstream();
  const { url: at } = await gateway({ services: { '/': url }, logger }, reads(undefined));
  await send(at, '/', { body: 'text' });
  expect(lines.map(([, details]) => details?.['cause'])).toEqual([
    'The body was read before the proxy, and neither req.rawBody nor req.body has it. Mount the proxy first.',
  ]);
});

test('a body that was read and kept as bytes passes, whatever it is', async () => {
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url } }, async (req, _res, next) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    Object.assign(req, { rawBody: Buffer.concat(chunks), body: { a: '1' } });
    next();
  });
  await send(at, '/', { body: form, headers: { 'Content-Type': multipart } });
  expect(seen).toMatchObject([
    { body: form, headers: { 'content-type': multipart, 'content-length': String(form.length) } },
  ]);
});

describe('the router mounted before the parsers', () => {
  test('a body for a service streams, and one for the app is parsed', async () => {
    const { url, seen } = await upstream();
    const app = express()
      .use(routerOf({ services: { '/api': url } }))
      .use(express.json())
      .use((req, res) => void res.json(req.body));
    const { url: at } = await serve(app);
    const headers = { 'Content-Type': 'application/json' };
    await send(at, '/api', { body: '{"a" : 1}', headers });
    expect(seen).toMatchObject([{ body: '{"a" : 1}' }]);
    expect(await send(at, '/', { body: '{"a" : 1}', headers })).toMatchObject({ body: '{"a":1}' });
  });
});
