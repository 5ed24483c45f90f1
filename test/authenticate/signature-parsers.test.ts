import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import { serve } from '../helpers.js';
import {
  deliver,
  inPieces,
  keys,
  type ReadRequest,
  refusalOf,
  signed,
  withSignatures,
} from './signature-support.js';

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
])('on %s', (_name, express) => {
  const json = { 'Content-Type': 'application/json' };
  const body = '{"a":[1,"é"]}';
  const guard = () => withSignatures({ keys });
  const echo = (req: IncomingMessage, res: { end(text: string): void }) =>
    res.end(JSON.stringify((req as ReadRequest).body ?? null));

  test('a parser behind reads the body, coded or not', async () => {
    const { url } = await serve(express().use(guard(), express.json(), echo));
    const answer = await deliver(url, signed(url, '/', { body, headers: json }));
    expect(answer).toMatchObject({ status: 200, body });
    const coded = { ...json, 'Content-Encoding': 'gzip' };
    const sent = signed(url, '/', { body: gzipSync(body), headers: coded });
    expect(await deliver(url, sent)).toMatchObject({ status: 200, body });
    const { headers } = signed(url, '/', { body, headers: json });
    expect(await inPieces(url, headers, [body.slice(0, 5), body.slice(5)])).toEqual({ status: 200, body });
    expect(await inPieces(url, signed(url, '/', { body: '', headers: json }).headers, [])).toMatchObject({
      status: 200,
    });
  });

  test('a parser in front that keeps the bytes is taken at its word', async () => {
    const keep = (req: IncomingMessage, _res: unknown, bytes: Buffer) =>
      Object.assign(req, { rawBody: bytes });
    const { url } = await serve(express().use(express.json({ verify: keep }), guard(), echo));
    expect(await deliver(url, signed(url, '/', { body, headers: json }))).toMatchObject({
      status: 200,
      body,
    });
    const tampered = { ...signed(url, '/', { body, headers: json }), body: '{"a":2}' };
    expect(refusalOf(await deliver(url, tampered))).toEqual([401, 'Body does not match Content-Digest']);
  });

  test('a parser in front that does not is a mistake of the server’s', async () => {
    const { url } = await serve(express().use(express.json(), guard(), echo));
    expect(await deliver(url, signed(url, '/', { body, headers: json }))).toMatchObject({ status: 500 });
    const { url: other } = await serve(
      express().use((req, _res, next) => next(void req.setEncoding('utf8')), guard(), echo),
    );
    expect(await deliver(other, signed(other, '/', { body }))).toMatchObject({ status: 500 });
  });
});
