import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, startGateway } from 'gatewright';
import { WebSocket } from 'ws';
import { cleanup } from '../helpers.js';
import * as certificates from '../proxy-router/certificates.js';
import { upstream } from '../proxy-router/support.js';
import { webSockets } from '../websocket/support.js';
import { early, expired, key, valid } from './certificates.js';
import { keepLines, started } from './support.js';

const tls = { cert: valid, key };

/** One request over HTTP/1.1. */
async function ask(port: number, path: string, more: RequestOptions = {}): Promise<string> {
  const options = { host: '127.0.0.1', port, path, ca: valid, agent: false as const, ...more };
  const res = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
    request(options, resolve).once('error', reject).end(),
  );
  return text(res);
}

function session(port: number) {
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: valid });
  client.on('error', () => undefined);
  cleanup(() => client.destroy());
  return client;
}

/** The certificate that is shown. */
async function shown(port: number): Promise<PeerCertificate> {
  const socket: TLSSocket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

test('speaks HTTP/2 to whoever asks for it, HTTP/1.1 to others, and opens WebSockets', async () => {
  const behind = await upstream((req, res) => res.end(`over ${req.httpVersion}`));
  const sockets = await webSockets();
  const services = { '/api': behind.url, '/ws': sockets.url };
  const { port, url } = await started({ services, server: { tls } });
  expect(url).toBe(`https://127.0.0.1:${port}`);
  expect(await ask(port, '/api')).toBe('over 1.1');
  const stream = session(port).request({ ':path': '/api' });
  expect(await text(stream)).toBe('over 1.1');
  expect(stream.sentHeaders[':path']).toBe('/api');
  const ws = new WebSocket(`wss://127.0.0.1:${port}/ws`, { ca: valid });
  await once(ws, 'open');
  ws.send('hello');
  expect(String((await once(ws, 'message'))[0])).toBe('hello');
  ws.close();
  await once(ws, 'close');
});

test('a request over HTTP/1.1 may take longer than a connection may be without one', async () => {
  const responses: ServerResponse[] = [];
  const behind = await upstream((_req, res) => responses.push(res));
  const { port, server } = await started({
    services: { '/api': behind.url },
    server: { tls, keepAliveTimeoutMs: 100 },
  });
  const quiet = once(server, 'timeout');
  const answer = ask(port, '/api');
  await Promise.race([quiet, answer]);
  for (const res of responses) res.end('at last');
  expect(await answer).toBe('at last');
});

test('speaks no HTTP/2 where that is switched off', async () => {
  const { port } = await started({ server: { tls: { ...tls, http2: false } } });
  const socket = connectTls({ host: '127.0.0.1', port, ca: valid, ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
  socket.destroy();
});

test('asks clients for a certificate where it is said whose', async () => {
  const own = { ...tls, clientCa: certificates.authority };
  const { port } = await started({ server: { tls: own } });
  await expect(ask(port, '/health/live')).rejects.toThrow();
  const { clientCertificate: cert, clientKey } = certificates;
  expect(await ask(port, '/health/live', { cert, key: clientKey })).toContain('alive');
});

test('takes new certificates from their files, and keeps the old ones where they are wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-'));
  cleanup(() => rmSync(folder, { recursive: true }));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, valid);
  writeFileSync(files.key, key);
  const { lines, logger } = keepLines();
  const { port, reloadCertificates } = await started({ logger, server: { tls: { ...files, reloadMs: 20 } } });
  expect((await shown(port)).subject.CN).toBe('gateway.test');

  writeFileSync(files.key, certificates.serverKey);
  reloadCertificates();
  expect(lines.at(-1)).toEqual([
    'error',
    'New certificates are not used',
    { error: expect.stringContaining('`server.tls.key` is not the key of the certificate') },
  ]);
  expect((await shown(port)).subject.CN).toBe('gateway.test');

  writeFileSync(files.cert, certificates.serverCertificate);
  while ((await shown(port)).subject.CN !== 'upstream.test'); // It is seen by itself.
  expect(lines.some(([, message]) => message === 'Certificates were read anew')).toBe(true);
});

describe('refuses', () => {
  test.each<[string, object, string]>([
    [
      'a certificate that is not valid any more',
      { cert: expired },
      '`server.tls.cert` is not valid any more: it ended on',
    ],
    ['one that is not valid yet', { cert: early }, '`server.tls.cert` is not valid yet'],
    [
      'a chain that is broken',
      { cert: `${valid}\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n` },
      '`server.tls.cert` cannot be used',
    ],
    [
      'a key that is not its',
      { key: certificates.serverKey },
      '`server.tls.key` is not the key of the certificate',
    ],
    ['what is no certificate', { cert: '-----BEGIN NONSENSE-----' }, '`server.tls.cert` is no certificate'],
    ['what is no key', { key: '-----BEGIN NONSENSE-----' }, '`server.tls.key` is no key'],
    [
      'a file that is not there',
      { cert: '/nowhere/cert.pem' },
      'cannot be read from "/nowhere/cert.pem" (ENOENT)',
    ],
  ])('%s', async (_what, wrong, message) => {
    const start = startGateway({
      services: { '/api': 'http://127.0.0.1:1' },
      port: 0,
      server: { tls: { ...tls, ...wrong } },
    });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.toMatchObject({ code: 'ERR_GATEWAY_CONFIG' });
  });
});

test('an HTTP/2 request whose body takes too long is ended, and an idle connection is closed', async () => {
  const behind = await upstream();
  const server = { tls, requestTimeoutMs: 200, keepAliveTimeoutMs: 500 };
  const { port } = await started({ services: { '/api': behind.url }, server });
  const client = session(port);
  const stream = client.request({ ':path': '/api', ':method': 'POST' });
  stream.on('error', () => undefined);
  stream.write('half');
  await once(stream, 'close');
  expect([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]).toContain(stream.rstCode);
  await once(client, 'close');
});

test('a key that is not given as PEM is not shown in the message', async () => {
  const bare = key.replace(/-----[A-Z ]+-----|\n/g, '');
  const failure = await started({ server: { tls: { cert: valid, key: bare } } }).catch((error) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(failure.message).toContain('`server.tls.key` cannot be read from what is given');
  expect(failure.message).not.toContain(bare.slice(0, 8));
});
