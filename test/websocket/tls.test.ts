import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import type { UpgradeServer } from 'gatewright';
import { gatewayOf, upstream } from '../gateway/support.js';
import { cleanup } from '../helpers.js';
import { authority, serverCertificate, serverKey } from '../proxy-router/certificates.js';
import { message, open, opened, readUntil, webSockets } from './support.js';

const identity = { key: serverKey, cert: serverCertificate };
const trust = { ca: authority, servername: 'upstream.test' };

const servers: readonly [string, () => UpgradeServer][] = [
  ['HTTPS', () => createServer(identity)],
  ['HTTP/2 with HTTP/1.1 clients', () => createSecureServer({ ...identity, allowHTTP1: true })],
];

describe.each(servers)('on a server of %s', (_name, create) => {
  async function served() {
    const [up, plain] = [await webSockets(), await upstream()];
    const gateway = gatewayOf({ ...open, services: { '/chat': up.url, '/plain': plain.url } });
    const server = create();
    server.on('request', gateway.listener as never);
    gateway.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup(async () => {
      await gateway.close();
      await new Promise((resolve) => server.close(resolve));
    });
    return { plain, port: (server.address() as AddressInfo).port };
  }

  test('WebSockets are opened', async () => {
    const { port } = await served();
    const ws = await opened(`https://127.0.0.1:${port}`, '/chat', trust);
    ws.send('hello');
    expect(await message(ws)).toBe('hello');
  });

  test('another upgrade is an ordinary request', async () => {
    const { plain, port } = await served();
    const socket = connect({ port, host: '127.0.0.1', ...trust });
    cleanup(() => socket.destroy());
    socket.write('GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: TLS/1.3\r\n\r\n');
    const answer = await readUntil(socket, (bytes) => bytes.includes('from upstream'));
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    expect(plain.requests[0]?.headers).toMatchObject({ 'x-forwarded-proto': 'https' });
  });
});
