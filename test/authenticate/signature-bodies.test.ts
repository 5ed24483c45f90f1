import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { deliver, guarded, inPieces, type ReadRequest, refusalOf, signed } from './signature-support.js';

describe('a signed body', () => {
  test.each([
    ['in one piece', [Buffer.from('one piece')]],
    ['in several', ['a', 'b', Buffer.alloc(100_000, 'c'), 'd']],
    ['of any bytes', [Buffer.from([0, 255, 13, 10, 128])]],
  ])('%s, chunked: its handler reads it whole', async (_name, pieces) => {
    const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    const { url } = await guarded({}, async (req, res) => {
      const { rawBody } = req as ReadRequest;
      const read = await buffer(req);
      res.end(`${read.equals(body)} ${rawBody?.equals(body)}`);
    });
    const { headers } = signed(url, '/', { body });
    expect(await inPieces(url, headers, pieces)).toEqual({ status: 200, body: 'true true' });
    expect(await deliver(url, signed(url, '/', { body }))).toMatchObject({ status: 200, body: 'true true' });
  });

  test('that is empty', async () => {
    const { url } = await guarded();
    expect(await deliver(url, signed(url, '/', { body: '' }))).toMatchObject({ status: 200 });
    const { headers } = signed(url, '/', { body: '' });
    expect(await inPieces(url, headers, [])).toMatchObject({ status: 200 });
  });

  test('that is not there, for a method that has one: nothing to digest', async () => {
    const { url } = await guarded();
    const { headers } = signed(url, '/', { method: 'POST' });
    const sent = { method: 'POST', path: '/', headers: { ...headers, 'Content-Length': '0' } };
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
  });

  test('without its digest in the signature: refused', async () => {
    const { url } = await guarded();
    const refusal = [401, 'Signature must cover content-digest'];
    for (const method of ['POST', 'GET']) {
      const { headers, ...sent } = signed(url, '/', { method });
      const framed = { ...sent, headers: { ...headers, 'Content-Length': '1' }, body: 'x' };
      expect(refusalOf(await deliver(url, framed))).toEqual(refusal);
    }
    const { headers } = signed(url, '/', { method: 'POST' });
    const { 'Content-Digest': digest = '' } = signed(url, '/', { body: 'x' }).headers;
    const beside = {
      method: 'POST',
      path: '/',
      headers: { ...headers, 'Content-Digest': digest },
      body: 'x',
    };
    expect(refusalOf(await deliver(url, beside))).toEqual(refusal);
    expect(await inPieces(url, signed(url, '/', { method: 'POST' }).headers, [])).toMatchObject({
      status: 401,
    });
  });

  test.each(['md5=:XrY7u+Ae7tCTyyK7j1rNww==:', 'nonsense!', 'sha-256=17'])(
    'with the digest %s: refused',
    async (digest) => {
      const { url } = await guarded();
      const sent = signed(url, '/', { method: 'POST', headers: { 'Content-Digest': digest } });
      expect(refusalOf(await deliver(url, { ...sent, body: 'x' }))).toEqual([
        401,
        'Content-Digest must have sha-256 or sha-512',
      ]);
    },
  );

  test('is not waited for where its signature is wrong', async () => {
    const { url, port } = await guarded();
    const { headers } = signed(url, '/', { body: 'x'.repeat(1000), secret: 'w'.repeat(32) });
    const fields = Object.entries({ ...headers, Host: `127.0.0.1:${port}`, 'Content-Length': 1000 });
    const socket = connect(port, '127.0.0.1');
    cleanup(() => socket.destroy());
    socket.write(`POST / HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe('a body over the limit', () => {
  const body = Buffer.alloc(2000, 'x');

  test.each([
    [1999, 413],
    [2000, 200],
  ])('of %i bytes: %i, with a length and without', async (maxBodyBytes, status) => {
    const { url } = await guarded({ maxBodyBytes });
    const answer = await deliver(url, signed(url, '/', { body }));
    const chunked = await inPieces(url, signed(url, '/', { body }).headers, [
      body.subarray(0, 1500),
      body.subarray(1500),
    ]);
    expect([answer.status, chunked.status]).toEqual([status, status]);
    if (status === 413) {
      const refusal = { error: 'Payload too large', limit_bytes: 1999 };
      expect([answer, chunked].map((each) => JSON.parse(each.body))).toEqual([refusal, refusal]);
    }
  });

  test('is 1 MiB unless it is chosen', async () => {
    const { url } = await guarded();
    const large = Buffer.alloc(1_048_576, 'x');
    expect(await deliver(url, signed(url, '/', { body: large }))).toMatchObject({ status: 200 });
    const larger = signed(url, '/', { body: Buffer.alloc(1_048_577, 'x') });
    expect(await inPieces(url, larger.headers, [larger.body as Buffer])).toMatchObject({ status: 413 });
  });

  test('is refused though it is endless, and the rest is not kept', async () => {
    const { url } = await guarded({ maxBodyBytes: 10 });
    const { headers } = signed(url, '/', { body: 'x' });
    const req = request(url, {
      method: 'POST',
      headers: { ...headers, 'Transfer-Encoding': 'chunked' },
      agent: false,
    });
    cleanup(() => req.destroy());
    req.on('error', () => undefined);
    const feeding = setInterval(() => req.write(body), 1);
    cleanup(() => clearInterval(feeding));
    const res = await new Promise<IncomingMessage>((resolve) => req.once('response', resolve));
    expect(res.statusCode).toBe(413);
  });
});

test('a body that its handler does not read keeps no connection', async () => {
  const { url } = await guarded({}, (_req, res) => res.end('done'));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(() => agent.destroy());
  const sockets = new Set();
  for (let time = 0; time < 5; time += 1) {
    const sent = signed(url, '/', { body: Buffer.alloc(300_000, 'x') });
    const { method, headers } = sent;
    const req = request(url, { method, headers, agent });
    req.end(sent.body);
    const res = await new Promise<IncomingMessage>((resolve) => req.once('response', resolve));
    sockets.add(req.socket);
    expect([res.statusCode, await text(res)]).toEqual([200, 'done']);
  }
  expect(sockets.size).toBe(1);
});
