import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import type { Middleware } from 'gatewright';
import { cleanup } from '../helpers.js';
import { routerOf, upstream } from '../proxy-router/support.js';
import { keys, type ReadRequest, type Signed, signed, tell, withSignatures } from './signature-support.js';

/** A server on Node's HTTP/2 compatibility API, and a session with it. */
async function http2(last: Middleware = (req, res) => void tell(req, res), maxBodyBytes?: number) {
  const guard = withSignatures({ keys, maxBodyBytes });
  const server = createServer((compatReq, compatRes) => {
    const [req, res] = [compatReq, compatRes] as unknown as [IncomingMessage, ServerResponse];
    guard(req, res, () => last(req, res, () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(url);
  client.on('error', () => undefined);
  cleanup(() => {
    client.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url, client };
}

async function ask(client: ClientHttp2Session, { method, path, headers, body }: Signed, pieces = 1) {
  const pseudo = { ':method': method, ':path': path };
  const stream = client.request({ ...pseudo, ...headers }, { endStream: body === undefined });
  const responded = once(stream, 'response');
  const bytes = Buffer.from(body ?? '');
  for (let at = 0; at < pieces - 1; at += 1) {
    stream.write(bytes.subarray((at * bytes.length) / pieces, ((at + 1) * bytes.length) / pieces));
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (body !== undefined) stream.end(bytes.subarray(((pieces - 1) * bytes.length) / pieces));
  const [{ ':status': status }] = await responded;
  return { status, body: await text(stream) };
}

test('a signed request is its key’s, by its :authority', async () => {
  const { url, client } = await http2();
  const answer = await ask(client, signed(url, '/a?b=c'));
  expect([answer.status, JSON.parse(answer.body).identity.id]).toEqual([200, 'alice']);
  const moved = await ask(client, signed('http://elsewhere.example', '/a'));
  expect([moved.status, JSON.parse(moved.body).message]).toEqual([401, 'Invalid signature']);
});

test('a body with a length is read, and read again', async () => {
  const { url, client } = await http2();
  for (const pieces of [1, 3]) {
    const sent = signed(url, '/', { body: 'x'.repeat(90_000), headers: { 'content-length': '90000' } });
    const answer = await ask(client, sent, pieces);
    expect([answer.status, JSON.parse(answer.body).body]).toEqual([200, 'x'.repeat(90_000)]);
  }
});

test('a body without one is in rawBody', async () => {
  const { url, client } = await http2((req, res) => void res.end((req as ReadRequest).rawBody));
  for (const body of ['', 'abc', 'x'.repeat(90_000)]) {
    for (const pieces of [1, 3])
      expect(await ask(client, signed(url, '/', { body }), pieces)).toEqual({ status: 200, body });
  }
});

test('what is refused, is refused', async () => {
  const { url, client } = await http2(undefined, 10);
  const sent = signed(url, '/', { body: 'ten bytes!' });
  const tampered = await ask(client, { ...sent, body: 'TEN BYTES!' });
  expect([tampered.status, JSON.parse(tampered.body).message]).toEqual([
    401,
    'Body does not match Content-Digest',
  ]);
  expect(await ask(client, signed(url, '/', { body: 'eleven byte' }))).toMatchObject({ status: 413 });
  const { body: _gone, ...empty } = signed(url, '/', { body: 'ten bytes!' });
  expect(await ask(client, empty)).toMatchObject({ status: 401 });
  const { headers } = signed(url, '/', { method: 'POST' });
  expect(await ask(client, { method: 'POST', path: '/', headers, body: 'x' })).toMatchObject({ status: 401 });
});

test('a stream that is reset while its body comes: an end', async () => {
  const { url, client } = await http2();
  const sent = signed(url, '/', { body: 'x'.repeat(1000) });
  const stream = client.request({ ':method': 'POST', ':path': '/', ...sent.headers });
  stream.on('error', () => undefined);
  stream.write('x'.repeat(500));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close(8);
  await once(stream, 'close');
  expect(await ask(client, signed(url))).toMatchObject({ status: 200 });
});

test('through the proxy the upstream gets the bytes, with a length and without', async () => {
  const { url: target, seen } = await upstream();
  const router = routerOf({ services: { '/': target } });
  const { url, client } = await http2(router);
  const body = Buffer.alloc(100_000, 'm');
  expect(await ask(client, signed(url, '/', { body }), 3)).toMatchObject({ status: 200 });
  const measured = signed(url, '/', { body, headers: { 'content-length': '100000' } });
  expect(await ask(client, measured, 3)).toMatchObject({ status: 200 });
  expect(seen.map((each) => each.body)).toEqual([String(body), String(body)]);
});
