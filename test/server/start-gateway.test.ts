import { mkdtempSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { ConfigError, ListenError, type StartOptions, startGateway } from 'gatewright';
import { cleanup, send, serve } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { RedisServer } from '../redis-server.js';
import { keepLines, started } from './support.js';

test('serves services and endpoints where it says that it does', async () => {
  const behind = await upstream();
  const { url, port } = await started({ services: { '/api': behind.url } });
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await send(url, '/api/x')).body).toBe('from upstream');
  expect(JSON.parse((await send(url, '/health/live')).body)).toEqual({ status: 'alive' });
  expect(JSON.parse((await send(url, '/health/ready')).body)).toEqual({ status: 'ready' });
});

test('listens on a Unix socket', async () => {
  const socketPath = join(mkdtempSync(join(tmpdir(), 'gatewright-')), 'gateway.sock');
  const { url } = await started({ server: { socketPath } }).catch((error) => ({ url: String(error) }));
  expect(url).toBe(socketPath);
  const res = await new Promise<import('node:http').IncomingMessage>((resolve) =>
    request({ socketPath, path: '/health/live', agent: false }, resolve).end(),
  );
  expect(await text(res)).toContain('alive');
});

test('says what is wrong with an address, and leaves nothing behind', async () => {
  const { port } = await serve((_req, res) => res.end());
  const redis = await RedisServer.start();
  const client = redis.client();
  const start = (options: Partial<StartOptions>) =>
    startGateway({ services: { '/api': 'http://127.0.0.1:1' }, ...options });
  await expect(start({ host: '127.0.0.1', port, redis: redis.url })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another by \`port\`.`,
  );
  await expect(start({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'ERR_GATEWAY_LISTEN' });
  await expect(start({ host: '192.0.2.1', port: 0 })).rejects.toBeInstanceOf(ListenError);
  await expect(start({ server: { socketPath: '/nowhere/gateway.sock' } })).rejects.toThrow(
    'The socket /nowhere/gateway.sock cannot be made: is its folder there',
  );
  // Only the client of this test is connected.
  const clients = String(await client.client('LIST'))
    .trim()
    .split('\n');
  expect(clients.length).toBeLessThanOrEqual(2);
});

test.each<[string, object, string]>([
  ['a port that is none', { port: 70_000 }, '`port` must be'],
  ['a time-out that is none', { server: { headersTimeoutMs: -1 } }, '`server.headersTimeoutMs` must be'],
  ['an unknown option', { server: { headerTimeoutMs: 1 } }, 'Did you mean `headersTimeoutMs`?'],
  ['TLS without a key', { server: { tls: { cert: 'x' } } }, '`server.tls.key`'],
  ['an option that is none at all', { hosts: 'x' }, 'Did you mean `host`?'],
])('refuses %s', async (_what, options, message) => {
  const start = startGateway({ services: { '/api': 'http://127.0.0.1:1' }, ...options } as StartOptions);
  cleanup(() => start.then((running) => running.close()).catch(() => undefined));
  await expect(start).rejects.toThrow(ConfigError);
  await expect(start).rejects.toThrow(message);
});

test('an error of the listening socket is logged, and ends nothing', async () => {
  const { lines, logger } = keepLines();
  const { server, url } = await started({ logger });
  server.emit('error', new Error('accept ENOMEM'));
  expect(lines.at(-1)).toEqual(['error', 'A connection failed', { error: 'accept ENOMEM' }]);
  expect((await send(url, '/health/live')).status).toBe(200);
});
