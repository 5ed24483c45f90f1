// @ts-nocheck The peers are installed by `npm run bench` alone.
// What only answers, and what only forwards.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PREFIX } from '../gateway/shapes.mjs';

const require = createRequire(import.meta.url);

/** Hands upgrades to http-proxy-middleware. */
function withUpgrades(server, proxy) {
  server.on('upgrade', proxy.upgrade);
  return { server };
}

async function forwarding(upstream, more = {}) {
  const { createProxyMiddleware } = await import('http-proxy-middleware');
  const agent = new Agent({ keepAlive: true });
  return createProxyMiddleware({ target: upstream, agent, ...more });
}

/** Its configuration is a folder of files. */
function expressGatewayFolder(upstream) {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-express-gateway-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const defaults = join(dirname(require.resolve('express-gateway')), 'config');
  mkdirSync(join(folder, 'models'));
  for (const file of readdirSync(join(defaults, 'models')))
    copyFileSync(join(defaults, 'models', file), join(folder, 'models', file));
  copyFileSync(join(defaults, 'system.config.yml'), join(folder, 'system.config.yml'));
  writeFileSync(
    join(folder, 'gateway.config.yml'),
    JSON.stringify({
      http: { port: 0, hostname: '127.0.0.1' },
      apiEndpoints: { api: { host: '*', paths: [PREFIX, `${PREFIX}/*`] } },
      serviceEndpoints: { backend: { url: upstream } },
      policies: ['proxy'],
      pipelines: {
        kgot: {
          apiEndpoints: ['api'],
          policies: [{ proxy: { action: { serviceEndpoint: 'backend', stripPath: true } } }],
        },
      },
    }),
  );
  return folder;
}

export const bare = {
  async 'node:http hello'() {
    const body = Buffer.alloc(1024, 'x');
    return { server: createServer((_req, res) => res.end(body)) };
  },

  async 'express hello'() {
    const { default: express } = await import('express');
    return { server: createServer(express().use((_req, res) => res.end('hello'))) };
  },

  async 'http-proxy-middleware on node:http'({ upstreams: [upstream] }) {
    const proxy = await forwarding(upstream, { pathRewrite: { [`^${PREFIX}`]: '' } });
    return withUpgrades(
      createServer((req, res) => proxy(req, res, () => res.end())),
      proxy,
    );
  },

  async 'express + http-proxy-middleware'({ upstreams: [upstream] }) {
    const { default: express } = await import('express');
    const proxy = await forwarding(upstream);
    return withUpgrades(createServer(express().use(PREFIX, proxy)), proxy);
  },

  async '@fastify/http-proxy'({ upstreams: [upstream] }) {
    const { default: fastify } = await import('fastify');
    const { default: proxy } = await import('@fastify/http-proxy');
    const app = fastify();
    // Its default of 128 connections would leave most of the event streams waiting.
    const undici = { connections: 2048 };
    await app.register(proxy, { upstream, prefix: PREFIX, rewritePrefix: '', websocket: true, undici });
    await app.ready();
    return { server: app.server, listen: () => app.listen({ port: 0, host: '127.0.0.1' }) };
  },

  // 3.4.7: 5.0.1 asks for a fast-proxy-lite that the registry does not have.
  async 'fast-gateway'({ upstreams: [upstream] }) {
    const { default: gateway } = await import('fast-gateway');
    const server = gateway({ routes: [{ prefix: PREFIX, target: upstream, pathRegex: '/*' }] });
    return {
      server: { address: () => server.getServer().address() },
      listen: () => server.start(0, '127.0.0.1'),
    };
  },

  async 'express-gateway'({ upstreams: [upstream] }) {
    process.env.EG_DISABLE_CONFIG_WATCH = '1';
    process.env.LOG_LEVEL = 'error';
    const running = await require('express-gateway')().load(expressGatewayFolder(upstream)).run();
    return { server: running[0].app, listen: async () => undefined };
  },
};
