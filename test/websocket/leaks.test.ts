import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { cleanup, serve } from '../helpers.js';
import { idle } from '../proxy-router/support.js';
import { attached, open, opened, raw, readUntil, until, upgradeHead, webSockets } from './support.js';

const headed = (bytes: Buffer): boolean => bytes.includes('\r\n\r\n');

/** How a client leaves. */
const ways: readonly ((port: number, silent: Server) => Promise<Socket>)[] = [
  async (port) => raw(port, upgradeHead('/chat')),
  async (port) => {
    const socket = raw(port, upgradeHead('/chat'));
    await readUntil(socket, headed);
    return socket;
  },
  async (port, silent) => {
    const asked = once(silent, 'upgrade');
    const socket = raw(port, upgradeHead('/silent'));
    await asked;
    return socket;
  },
  async (port) => {
    const socket = raw(port, upgradeHead('/nowhere'));
    await readUntil(socket, headed);
    return socket;
  },
];

test('a thousand upgrades that clients abort leave no socket and no listener behind', async () => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', warn);
  cleanup(() => process.off('warning', warn));
  const listeners = (of: NodeJS.EventEmitter): number =>
    of.eventNames().reduce((sum, name) => sum + of.listenerCount(name), 0);

  const up = await webSockets();
  const silent = await serve(() => undefined);
  silent.server.on('upgrade', (_req, socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('end', () => socket.end());
  });
  const services = { '/chat': up.url, '/silent': silent.url };
  const { port, url, server, gateway } = await attached({
    ...open,
    rateLimit: { tiers: { free: { concurrentRequests: 1000 } } },
    services,
  });
  const before = [listeners(process), listeners(server)];
  for (let turn = 0; turn < 50; turn++) {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (ways[at % ways.length] as (typeof ways)[number])(port, silent.server),
      ),
    );
    for (const [at, socket] of sockets.entries()) {
      if (at % 3 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
  await Promise.all([server, up.server, silent.server].map(idle));
  expect(warnings).toEqual([]);
  expect([listeners(process), listeners(server)]).toEqual(before);
  expect(up.wss.clients.size).toBe(0);
  await until(async () => {
    const held = await gateway.rateLimit?.explain('ip:127.0.0.1');
    return held?.dimensions.find(({ dimension }) => dimension === 'concurrent')?.used === 0;
  });
  await opened(url, '/chat');
  await gateway.close();
});
