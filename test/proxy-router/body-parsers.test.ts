import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import { send, serve } from '../helpers.js';
import { routerOf, upstream } from './support.js';

type Express = typeof express5;
type Parser = ReturnType<Express['json']>;

/** A parser that keeps the bytes, as webhooks with signatures need them. */
function verify(req: IncomingMessage, _res: unknown, bytes: Buffer): void {
  Object.assign(req, { rawBody: bytes });
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as Express],
])('%s', (_name, express) => {
  /** What an upstream gets of a body that a parser has read before. */
  async function forwarded(
    parser: Parser,
    type: string,
    body: string | Buffer,
    headers = {},
    method = 'POST',
  ) {
    const { url, seen } = await upstream();
    const app = express().use(parser, routerOf({ services: { '/': url } }));
    const { url: at } = await serve(app);
    const all = { ...(type && { 'Content-Type': type }), ...headers };
    const { status, body: answer } = await send(at, '/', { method, body, headers: all });
    const [request] = seen;
    return {
      status,
      answer,
      body: request && Buffer.from(request.body, 'latin1'),
      headers: request?.headers,
    };
  }

  test.each([
    ['application/json', '{"a":[1,2,{"b":null}],"c":"d\\u00e9"}', '{"a":[1,2,{"b":null}],"c":"dé"}'],
    ['application/json; charset=utf-8', '{"a":"é"}', '{"a":"é"}'],
    ['application/json', '[]', '[]'],
  ])('express.json: %s is written again', async (type, body, expected) => {
    const got = await forwarded(express.json(), type, body);
    expect(got).toMatchObject({ status: 200, headers: { 'content-type': type } });
    expect(String(got.body)).toBe(expected);
    expect(got.headers?.['content-length']).toBe(String(Buffer.byteLength(expected)));
  });

  test('express.json that is not strict: a string, a number and null are written again', async () => {
    for (const body of ['"text"', '17', 'null', 'false']) {
      const got = await forwarded(express.json({ strict: false }), 'application/json', body);
      expect([got.status, String(got.body)]).toEqual([200, body]);
    }
  });

  test('express.json for other types of JSON', async () => {
    const type = 'application/merge-patch+json';
    const got = await forwarded(express.json({ type }), type, '{"a":1}', {}, 'PATCH');
    expect([got.status, String(got.body), got.headers?.['content-type']]).toEqual([200, '{"a":1}', type]);
  });

  test('express.urlencoded: a flat form is written again, repeated names too', async () => {
    const form = 'a=1&b=x+y&b=%C3%A9&c=';
    const parser = express.urlencoded({ extended: false });
    const got = await forwarded(parser, 'application/x-www-form-urlencoded', form);
    expect([...new URLSearchParams(String(got.body))]).toEqual([...new URLSearchParams(form)]);
    expect(got.headers?.['content-length']).toBe(String(got.body?.length));
  });

  test('express.text: text is written again, in the encoding that its type names', async () => {
    const latin1 = Buffer.from('caf\xe9', 'latin1');
    for (const charset of ['iso-8859-1', 'latin1', 'ISO-8859-1']) {
      const got = await forwarded(express.text(), `text/plain; charset=${charset}`, latin1);
      expect([got.status, got.body?.equals(latin1)]).toEqual([200, true]);
    }
    for (const type of ['text/plain', 'text/plain; charset=utf-8', 'text/plain; charset="UTF-8"']) {
      const got = await forwarded(express.text(), type, 'café €');
      expect([got.status, String(got.body)]).toEqual([200, 'café €']);
    }
  });

  test('express.text for JSON: it is not encoded twice', async () => {
    const got = await forwarded(express.text({ type: '*/*' }), 'application/json', '{"a": 1}');
    expect([got.status, String(got.body)]).toEqual([200, '{"a": 1}']);
  });

  test('express.raw: bytes pass as they are', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const got = await forwarded(express.raw({ type: '*/*' }), 'application/octet-stream', bytes);
    expect([got.status, got.body?.equals(bytes)]).toEqual([200, true]);
  });

  test.each([
    ['json', 'application/json', '{ "spaces" : "kept", "spaces": 2 }'],
    ['urlencoded', 'application/x-www-form-urlencoded', 'a[b][c]=1&a%5Bd%5D=2'],
    ['text', 'text/plain; charset=utf-16', '\xfe\xff\x00a'],
  ] as const)(
    'express.%s that keeps the bytes in rawBody: they pass as they are',
    async (parser, type, body) => {
      const bytes = Buffer.from(body, 'latin1');
      const got = await forwarded(express[parser]({ verify, extended: true } as object), type, bytes);
      expect([got.status, got.body?.equals(bytes)]).toEqual([200, true]);
      expect(got.headers).toMatchObject({ 'content-length': String(bytes.length), 'content-type': type });
    },
  );

  test.each([
    ['kept', { verify }],
    ['not kept', {}],
  ])(
    'a compressed body that was inflated does not claim to be compressed: bytes %s',
    async (_what, options) => {
      const packed = gzipSync('{"a":1}');
      const encoded = { 'Content-Encoding': 'gzip' };
      const got = await forwarded(express.json(options), 'application/json', packed, encoded);
      expect([got.status, String(got.body)]).toEqual([200, '{"a":1}']);
      expect(got.headers).toMatchObject({ 'content-length': '7' });
      expect(got.headers).not.toHaveProperty('content-encoding');
    },
  );

  test('a chunked body that was read has a length afterwards', async () => {
    const got = await forwarded(express.json(), 'application/json', '{"a":1}', {
      'Transfer-Encoding': 'chunked',
    });
    expect([got.status, String(got.body)]).toEqual([200, '{"a":1}']);
    expect(got.headers).toMatchObject({ 'content-length': '7' });
    expect(got.headers).not.toHaveProperty('transfer-encoding');
  });

  test.each([
    ['a type that the parser leaves alone', 'text/plain', 'text', {}],
    ['no type', '', 'text', {}],
    ['an empty body', 'application/json', '', { 'Content-Length': '0' }],
    ['an empty chunked body', 'text/plain', '', { 'Transfer-Encoding': 'chunked' }],
  ])('%s is not hurt', async (_what, type, body, headers) => {
    const got = await forwarded(express.json(), type, body, headers);
    expect([got.status, String(got.body)]).toEqual([200, body]);
  });

  test('a GET without a body is not hurt', async () => {
    const { url, seen } = await upstream();
    const app = express().use(express.json(), express.urlencoded({ extended: true }), express.text());
    const { url: at } = await serve(app.use(routerOf({ services: { '/': url } })));
    expect(await send(at, '/')).toMatchObject({ status: 200 });
    expect(seen).toMatchObject([{ method: 'GET', body: '' }]);
  });
});
