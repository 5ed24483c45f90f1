import { once } from 'node:events';
import { createServer } from 'node:http';
import { createAlita } from './alita.js';
import { createKgot } from './kgot.js';
import { createMcpBrainstorming } from './mcp-brainstorming.js';
import { createMonitoring } from './monitoring.js';
import { createUnifiedSystem } from './unified-system.js';
import { createWebAgent } from './web-agent.js';

/** @import { RequestListener, Server } from 'node:http' */

const FACTORIES = {
  '/api/alita': () => createAlita(),
  '/api/kgot': createKgot,
  '/api/mcp-brainstorming': createMcpBrainstorming,
  '/api/web-agent': createWebAgent,
  '/api/unified-system': createUnifiedSystem,
  '/api/monitoring': createMonitoring,
};

/**
 * Starts the six services, each on a free port of 127.0.0.1.
 * @returns {Promise<{ services: Record<keyof typeof FACTORIES, string>, close: () => Promise<void> }>}
 *   `services`: the origin of each by the path prefix that a gateway gives it. `close`: ends all of them, and
 *   the connections to them.
 */
export async function startServices() {
  const started = await Promise.all(
    Object.entries(FACTORIES).map(async ([path, create]) => ({ path, server: await listen(create()) })),
  );
  const origins = started.map(({ path, server }) => [path, originOf(server)]);
  return {
    services: Object.fromEntries(origins),
    async close() {
      await Promise.all(started.map(({ server }) => close(server)));
    },
  };
}

/** @param {RequestListener} listener */
async function listen(listener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** @param {Server} server */
function originOf(server) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/** @param {Server} server */
async function close(server) {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
