import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createSecureServer, createServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { serverCertificate, serverKey } from '../proxy-router/certificates.js';
import { curl, running } from './curl-support.js';
import { gatewayTo, transports } from './support.js';

/** Says what it was sent; streams, compresses or says nothing where the path asks for that. */
async function upstream(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await buffer(req);
  if (req.url === '/empty') res.writeHead(204).end();
  else if (req.url === '/packed')
    res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('unpacked'));
  else if (req.url === '/chunks') {
    res.write('one ');
    res.end('two');
  } else {
    const said = `${req.method} ${req.url} ${body.length}`;
    res.writeHead(200, { 'Content-Length': said.length }).end(said);
  }
}

/** Listens, and gives the port. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** How curl speaks to a gateway, its URL, and what else it has to be told. */
type Way = (listener: RequestListener, url: string) => Promise<{ url: string; args: string[] }>;

type Http2Listener = Parameters<typeof createServer>[1];
const asHttp2 = (listener: RequestListener): Http2Listener => listener as unknown as Http2Listener;

const secure =
  (...args: string[]): Way =>
  async (listener) => {
    const options = { cert: serverCertificate, key: serverKey, allowHTTP1: true };
    const port = await listen(createSecureServer(options, asHttp2(listener)));
    return { url: `https://127.0.0.1:${port}`, args: ['-k', ...args] };
  };

const ways: readonly (readonly [string, string, Way])[] = [
  ['HTTP/1.0', '1.1', async (_listener, url) => ({ url, args: ['--http1.0'] })],
  ['HTTP/1.1', '1.1', async (_listener, url) => ({ url, args: ['--http1.1'] })],
  ['HTTP/1.1 that would like HTTP/2', '1.1', async (_listener, url) => ({ url, args: ['--http2'] })],
  [
    'HTTP/2 without TLS',
    '2',
    async (listener) => {
      const port = await listen(createServer(asHttp2(listener)));
      return { url: `http://127.0.0.1:${port}`, args: ['--http2-prior-knowledge'] };
    },
  ],
  ['HTTP/2 over TLS', '2', secure('--http2')],
  ['HTTP/1.1 over TLS', '1.1', secure('--http1.1')],
];

const large = Buffer.alloc(3 * 2 ** 20, 'x');

/** Those that differ most: how a client speaks is not the business of a transport. */
const furthest = [ways[0], ways[4]] as typeof ways;

describe.each(transports)('over %s', (name, transport) => {
  describe.each(name === 'undici' ? furthest : ways)('curl with %s', (_way, version, way) => {
    async function at(answer: RequestListener = upstream) {
      const { gateway, url: plain, key } = await gatewayTo(answer, transport());
      const { url, args } = await way(gateway.listener, plain);
      const all = [...args, '-H', `X-API-Key: ${key}`];
      return { base: `${url}/api/llm`, args: all };
    }

    test('gets, twice on one connection where that can be kept', async () => {
      const { base, args } = await at();
      expect(await curl([...args, `${base}/x?a=%2F`])).toMatchObject({
        body: 'GET /x?a=%2F 0',
        version,
        status: 200,
      });
      // curl 7.88 cannot use a connection of HTTP/2 without TLS twice, whoever answers.
      if (args.includes('--http2-prior-knowledge')) return;
      const { connects } = await curl([...args, `${base}/x`, `${base}/y`]);
      expect(connects).toBe(args.includes('--http1.0') ? 1 : 0);
    });

    test('asks for the head alone', async () => {
      const { base, args } = await at();
      const { body, status } = await curl([...args, '-I', `${base}/x`]);
      expect([status, /^content-length: (.*)\r$/im.exec(body)?.[1]]).toEqual([200, '9']);
    });

    test('gets chunks, nothing, and what is compressed', async () => {
      const { base, args } = await at();
      expect(await curl([...args, `${base}/chunks`])).toMatchObject({ status: 200, body: 'one two' });
      expect(await curl([...args, `${base}/empty`])).toMatchObject({ status: 204, body: '' });
      expect(await curl([...args, '--compressed', `${base}/packed`])).toMatchObject({ body: 'unpacked' });
    });

    test('posts a form', async () => {
      const { base, args } = await at();
      expect(await curl([...args, '-d', 'a=1&b=2', `${base}/x`])).toMatchObject({ body: 'POST /x 7' });
    });

    test('uploads what is large enough to wait for 100 (Continue)', async () => {
      const { base, args } = await at();
      const answer = await curl([...args, '--data-binary', '@-', `${base}/x`], large);
      expect(answer).toMatchObject({ body: `POST /x ${large.length}`, status: 200 });
    });

    test('uploads what has no length, except with HTTP/1.0, which cannot', async () => {
      const { base, args } = await at();
      const answer = curl([...args, '-T', '-', `${base}/x`], large);
      if (args.includes('--http1.0')) await expect(answer).rejects.toThrow(/Chunky/);
      else expect(await answer).toMatchObject({ body: `PUT /x ${large.length}`, status: 200 });
    });

    test('gets events as they come, and may leave', async () => {
      const told = new EventEmitter();
      const { base, args } = await at((_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: one\n\n');
        res.once('close', () => told.emit('closed'));
      });
      const closed = once(told, 'closed');
      const events = running([...args, `${base}/events`]);
      cleanup(() => events.kill());
      expect(await events.said()).toBe('data: one\n\n');
      events.kill();
      await events.exited;
      await closed;
    });

    test('is told that its key is wrong', async () => {
      const { base, args } = await at();
      const other = args.map((arg) => (arg.startsWith('X-API-Key') ? 'X-API-Key: gw_wrong' : arg));
      expect(await curl([...other, `${base}/x`])).toMatchObject({
        status: 401,
        body: '{"error":"Authentication failed","message":"Invalid API key"}',
      });
    });
  });

  test('curl that takes the gateway for a proxy gets what the path is for, and no tunnel', async () => {
    const { url, key } = await gatewayTo(upstream, transport());
    const args = ['-x', url, '-H', `X-API-Key: ${key}`];
    expect(await curl([...args, 'http://other.test/api/llm/x'])).toMatchObject({
      status: 200,
      body: 'GET /x 0',
    });
    expect(await curl([...args, 'http://other.test/elsewhere'])).toMatchObject({ status: 404 });
    await expect(curl([...args, 'https://other.test/api/llm/x'])).rejects.toThrow(/CONNECT|proxy/i);
  });
});
