import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import type { TargetOptions } from 'gatewright/proxy-router';
import { cleanup, send } from '../helpers.js';
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from './certificates.js';
import { gateway, resolveTo } from './support.js';

async function listen(server: Server, options: ListenOptions): Promise<number> {
  server.listen('path' in options ? options : { port: 0, ...options });
  await once(server, 'listening');
  cleanup(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { port?: number }).port ?? 0;
}

/** What a gateway of one target answers. */
async function answerOf(target: TargetOptions, headers?: Record<string, string>) {
  const { url } = await gateway({ services: { '/': { targets: [target], hostHeader: 'client' } } });
  return send(url, '/', { headers: headers ?? {} });
}

describe('HTTPS', () => {
  /** A server that tells what name it was asked for and who asks, and how often a session was taken up again. */
  async function secured() {
    const server = createHttpsServer(
      {
        cert: serverCertificate,
        key: serverKey,
        ca: authority,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (req, res) => {
        const socket = req.socket as TLSSocket;
        const client = socket.authorized ? socket.getPeerCertificate().subject.CN : 'nobody';
        res.end(`${socket.servername || 'no name'} for ${client}`);
      },
    );
    return { port: await listen(server as unknown as Server, { host: '127.0.0.1' }) };
  }

  test('the URL’s host is the name that is asked for, whatever Host the client sends', async () => {
    resolveTo('upstream.test', ['127.0.0.1']);
    const { port } = await secured();
    const target = { url: `https://upstream.test:${port}`, tls: { ca: authority } };
    const answer = await answerOf(target, { Host: 'elsewhere.test' });
    expect(answer).toMatchObject({ status: 200, body: 'upstream.test for nobody' });
  });

  test('an address is no name, and may be in the certificate', async () => {
    const { port } = await secured();
    const target = { url: `https://127.0.0.1:${port}`, tls: { ca: [authority] } };
    expect(await answerOf(target, { Host: 'elsewhere.test' })).toMatchObject({ body: 'no name for nobody' });
  });

  test('another name can be asked for', async () => {
    const { port } = await secured();
    const tls = { ca: authority, servername: 'upstream.test' };
    const answer = await answerOf({ url: `https://127.0.0.1:${port}`, tls });
    expect(answer).toMatchObject({ status: 200, body: 'upstream.test for nobody' });
  });

  test('the gateway shows its certificate', async () => {
    const { port } = await secured();
    const tls = { ca: authority, cert: clientCertificate, key: clientKey };
    const answer = await answerOf({ url: `https://127.0.0.1:${port}`, tls });
    expect(answer).toMatchObject({ status: 200, body: 'no name for gateway' });
  });

  test.each([
    ['from an unknown authority', {}],
    ['for another name', { ca: authority, servername: 'other.test' }],
  ])('a certificate %s is refused', async (_what, tls) => {
    const { port } = await secured();
    expect(await answerOf({ url: `https://127.0.0.1:${port}`, tls })).toMatchObject({ status: 502 });
  });

  test('a certificate that cannot be verified is taken where that is asked for', async () => {
    const { port } = await secured();
    const target = { url: `https://127.0.0.1:${port}`, tls: { rejectUnauthorized: false } };
    expect(await answerOf(target)).toMatchObject({ status: 200 });
  });

  test('one address with two configurations has connections of its own for each', async () => {
    const { port } = await secured();
    const url = `https://127.0.0.1:${port}`;
    const tls = { ca: authority, cert: clientCertificate, key: clientKey };
    const { url: at } = await gateway({
      services: {
        '/known': { targets: [{ url, tls }] },
        '/unknown': { targets: [{ url, tls: { ca: authority } }] },
        '/refused': { targets: [{ url, tls: {} }] },
      },
    });
    for (let turn = 0; turn < 2; turn++) {
      expect(await send(at, '/known')).toMatchObject({ body: 'no name for gateway' });
      expect(await send(at, '/unknown')).toMatchObject({ body: 'no name for nobody' });
      expect(await send(at, '/refused')).toMatchObject({ status: 502 });
    }
  });
});

const named: RequestListener = (req, res) => res.end(`${req.headers.host}`);

test('a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-'));
  cleanup(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, 'socket');
  await listen(createHttpServer(named), { path: socketPath });
  expect(await answerOf({ url: 'http://app.test', socketPath }, { Host: 'client.test' })).toMatchObject({
    status: 200,
    body: 'client.test',
  });
});

test('an IPv6 address', async () => {
  const port = await listen(createHttpServer(named), { host: '::1' });
  const { url } = await gateway({ services: { '/': `http://[::1]:${port}` } });
  expect(await send(url, '/')).toMatchObject({ status: 200, body: `[::1]:${port}` });
});

test('the next address of a host, where the first cannot be reached', async () => {
  resolveTo('upstream.test', ['127.0.0.2', '127.0.0.1']);
  const port = await listen(createHttpServer(named), { host: '127.0.0.1' });
  const { url } = await gateway({ services: { '/': `http://upstream.test:${port}` } });
  expect(await send(url, '/')).toMatchObject({ status: 200, body: `upstream.test:${port}` });
});

test('a name that has another address by now, for each new connection', async () => {
  const addresses = ['127.0.0.1'];
  resolveTo('moving.test', addresses);
  const closing = (place: string): RequestListener => {
    return (_req, res) => res.setHeader('Connection', 'close').end(place);
  };
  const port = await listen(createHttpServer(closing('here')), { host: '127.0.0.1' });
  await listen(createHttpServer(closing('there')), { host: '127.0.0.2', port });
  const { url } = await gateway({ services: { '/': `http://moving.test:${port}` } });
  expect((await send(url, '/')).body).toBe('here');
  addresses[0] = '127.0.0.2';
  expect((await send(url, '/')).body).toBe('there');
});
