import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import {
  ConfigError,
  createGateway,
  type GatewayOptions,
  MemoryApiKeyStore,
  MemoryQuotaStore,
  type Sink,
} from 'gatewright';
import { undiciTransport } from 'gatewright/undici';
import { AggregatorRegistry, Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { cleanup, send, serve } from '../helpers.js';
import { until } from '../proxy-router/support.js';
import { RedisServer } from '../redis-server.js';
import { webSockets } from '../websocket/support.js';
import { adminKey, upstream } from './support.js';

/** A gateway on a server, whose options can be changed. */
async function reloadable(options: GatewayOptions) {
  const gateway = createGateway(options);
  cleanup(() => gateway.close());
  const server = await serve(gateway.listener);
  gateway.attach(server.server);
  return { ...server, gateway };
}

const lenient = { authenticate: false } as const;

test('requests from now on go by the new options', async () => {
  const [one, two] = [
    await upstream((_req, res) => res.end('one')),
    await upstream((_req, res) => res.end('two')),
  ];
  const { url, gateway } = await reloadable({ ...lenient, services: { '/api': one.url } });
  expect((await send(url, '/api')).body).toBe('one');
  const services = { '/api': two.url, '/more': one.url };
  expect(gateway.reload({ ...lenient, services })).toEqual({ changed: ['services'], restart: [] });
  expect((await send(url, '/api')).body).toBe('two');
  expect((await send(url, '/more')).body).toBe('one');
  expect(JSON.parse((await send(url, '/')).body).services).toHaveLength(2);
});

test('a request that runs ends by the old options, and its parts are closed after it', async () => {
  const responses: ServerResponse[] = [];
  const one = await serve((_req, res) => {
    res.write('begun');
    responses.push(res);
  });
  const two = await upstream((_req, res) => res.end('two'));
  const { url, port, gateway } = await reloadable({ ...lenient, services: { '/api': one.url } });
  const answer = await new Promise<IncomingMessage>((resolve) =>
    request({ port, path: '/api', agent: false }, resolve).end(),
  );
  gateway.reload({ ...lenient, services: { '/api': two.url } });
  expect((await send(url, '/api')).body).toBe('two');
  responses[0]?.end(', and ended');
  expect(await text(answer)).toBe('begun, and ended');
  // Its idle connection is closed with the router that it was of.
  await until(
    () => new Promise((resolve) => one.server.getConnections((_error, count) => resolve(count === 0))),
  );
});

test('a WebSocket stays open through a change, and is closed with the gateway', async () => {
  const sockets = await webSockets();
  const { port, gateway } = await reloadable({ ...lenient, services: { '/api': sockets.url } });
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api`);
  await once(ws, 'open');
  gateway.reload({ ...lenient, services: { '/api': sockets.url, '/more': sockets.url } });
  ws.send('hello');
  expect(String((await once(ws, 'message'))[0])).toBe('hello');
  const closed = once(ws, 'close');
  await gateway.closeWebSockets();
  expect((await closed)[0]).toBe(1001);
});

test('wrong options change nothing, and say what is wrong', async () => {
  const behind = await upstream();
  const { url, gateway } = await reloadable({ ...lenient, services: { '/api': behind.url } });
  const wrong: [GatewayOptions, string][] = [
    [{ services: { '/api': 'nowhere' } }, 'services["/api"]'],
    [{ services: { '/a': behind.url, '/b/a': behind.url } }, 'the same name'],
    [{ services: { '/health': behind.url } }, 'the path of the endpoint'],
    [{ services: { '/api': behind.url }, circuitBreaker: { failover: ['nobody'] } }, 'must name services'],
  ];
  for (const [options, message] of wrong) {
    expect(() => gateway.reload(options)).toThrow(ConfigError);
    expect(() => gateway.reload(options)).toThrow(message);
    expect((await send(url, '/api')).body).toBe('from upstream');
  }
});

test('limits go on with what was used, whatever they are changed to', async () => {
  const behind = await upstream();
  const options = (requestsPerMinute: number): GatewayOptions => ({
    ...lenient,
    services: { '/api': behind.url },
    rateLimit: { tiers: { free: { requestsPerMinute } } },
  });
  const { url, gateway } = await reloadable(options(3));
  for (let turn = 0; turn < 3; turn += 1) expect((await send(url, '/api')).status).toBe(200);
  expect((await send(url, '/api')).status).toBe(429);
  expect(gateway.reload(options(5)).changed).toEqual(['rateLimit']);
  for (const status of [200, 200, 429]) expect((await send(url, '/api')).status).toBe(status);
});

test('keys in memory, figures, and what has not changed go on', async () => {
  const behind = await upstream();
  const options = (cacheSize: number): GatewayOptions => ({
    services: { '/api': behind.url },
    authenticate: { adminKey, apiKeys: { cacheSize } },
  });
  const { url, gateway } = await reloadable(options(10));
  const created = await gateway.apiKeys?.create({ name: 'a' });
  const headers = { 'X-API-Key': created?.key ?? '' };
  const ask = async () => (await send(url, '/api', { headers })).status;
  expect(await ask()).toBe(200);
  const { analytics, circuitBreaker, rateLimit, apiKeys } = gateway;
  gateway.reload(options(20));
  expect(await ask()).toBe(200);
  expect(gateway.apiKeys).not.toBe(apiKeys);
  expect([gateway.analytics, gateway.circuitBreaker, gateway.rateLimit]).toEqual([
    analytics,
    circuitBreaker,
    rateLimit,
  ]);
  expect(gateway.analytics?.report().metrics.total_requests).toBe(2);
});

test('workers show the highest version of options that one of them has', async () => {
  const [one, two] = [0, 1].map(() =>
    createGateway({ ...lenient, services: { '/one': 'http://127.0.0.1:1' } }),
  );
  for (const gateway of [one, two]) cleanup(() => gateway?.close());
  one?.reload({ ...lenient, services: { '/api': 'http://127.0.0.1:1' } });
  const registries = [one, two].map((gateway) => gateway?.analytics?.registry as Registry);
  const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
  const text = await AggregatorRegistry.aggregate(all as never).metrics();
  expect(text).toContain('gateway_config_version 2\n');
  expect(text).toMatch(/^gateway_config_loaded_timestamp_seconds \d{10}(\.\d+)?$/m);
});

test('metrics are those of the parts that there are now', async () => {
  const [one, two] = [await upstream(), await upstream()];
  const { gateway } = await reloadable({ ...lenient, services: { '/api': one.url } });
  gateway.reload({ ...lenient, services: { '/api': two.url } });
  const metrics = await gateway.analytics?.registry.metrics();
  expect(metrics).toContain('gateway_config_version 2\n');
  expect(metrics).toMatch(/^gateway_config_loaded_timestamp_seconds \d{10}/m);
  expect(metrics).toContain(`gateway_target_requests_running{service="api",target="${two.url}"} 0`);
  expect(metrics).not.toContain(one.url);
});

test('an open breaker stays open through a change of something else', async () => {
  const behind = await upstream((_req, res) => {
    res.statusCode = 500;
    res.end();
  });
  const options: GatewayOptions = {
    ...lenient,
    services: { '/api': behind.url },
    circuitBreaker: { minimumRequests: 1 },
  };
  const { url, gateway } = await reloadable(options);
  await send(url, '/api');
  expect((await send(url, '/api')).status).toBe(503);
  gateway.reload({ ...options, cors: { origins: ['https://app.example.com'] } });
  expect((await send(url, '/api')).status).toBe(503);
  expect(gateway.circuitBreaker?.states().get('api')).toBe('open');
});

test('names what cannot be changed while it runs', async () => {
  const server = await RedisServer.start();
  const behind = await upstream();
  const { url, gateway } = await reloadable({ ...lenient, services: { '/api': behind.url } });
  const wanted = { ...lenient, services: { '/api': behind.url }, redis: server.url };
  expect(gateway.reload(wanted)).toEqual({ changed: [], restart: ['redis'] });
  expect(JSON.parse((await send(url, '/health')).body).components.redis).toBeNull();
});

test('analytics in a registry of the user’s are changed with another registry only', async () => {
  const behind = await upstream();
  const options = (analytics: GatewayOptions['analytics']) => ({
    ...lenient,
    services: { '/api': behind.url },
    analytics,
  });
  const registry = new Registry();
  const { gateway } = await reloadable(options({ registry }));
  expect(() => gateway.reload(options({ registry, maxLabelValues: 5 }))).toThrow(
    '`analytics.registry` has these metrics already. Give another one, or none.',
  );
  gateway.reload(options({ registry: new Registry(), maxLabelValues: 5 }));
});

test('a hundred changes under load fail no request, and leave nothing behind', async () => {
  const behind = await upstream();
  const options = (turn: number): GatewayOptions => ({
    ...lenient,
    services: {
      '/api': { targets: [behind.url], healthCheck: { path: '/', intervalMs: 1000 }, cost: turn / 1000 },
    },
    rateLimit: { tiers: { free: { requestsPerMinute: 1_000_000 + turn } } },
    circuitBreaker: { minimumRequests: 5 + turn },
    bulkhead: { maxConcurrent: 100 + turn },
    analytics: { maxLabelValues: 10 + turn, alerts: [{ metric: 'error_rate', above: 0.5 }] },
    audit: { successes: turn % 2 === 0 },
    cors: { origins: [`https://${turn}.example.com`] },
  });
  const { url, gateway } = await reloadable(options(0));
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warned);
  cleanup(() => process.off('warning', warned));
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  let stop = false;
  let sent = 0;
  const loads = Array.from({ length: 8 }, async () => {
    while (!stop) {
      const { status } = await send(url, '/api');
      if (status !== 200) throw new Error(`A request got ${status}`);
      sent += 1;
    }
  });
  const before = timers();
  for (let turn = 1; turn <= 100; turn += 1) {
    const target = sent + 2;
    expect(gateway.reload(options(turn)).changed).toContain('services');
    await until(() => sent >= target);
  }
  stop = true;
  await Promise.all(loads);
  await until(() => timers() <= before + 5);
  expect(warnings).toEqual([]); // Such as of listeners that are too many.
});

test('closing waits for no request by former options', async () => {
  const behind = await serve((_req, res) => void res.write('begun'));
  const { port, gateway } = await reloadable({ ...lenient, services: { '/api': behind.url } });
  const answer = await new Promise<IncomingMessage>((resolve) =>
    request({ port, path: '/api', agent: false }, resolve).end(),
  );
  answer.on('error', () => undefined);
  gateway.reload({ ...lenient, services: { '/other': behind.url } });
  await gateway.close();
});

test('what the user gave goes on while new options have it, and is closed with its last part', async () => {
  const behind = await upstream();
  const closed: string[] = [];
  const port = <Port extends object>(name: string, own: Port) =>
    Object.assign(own, { close: async () => void closed.push(name) });
  const [kept, dropped] = ['kept', 'dropped'].map((name) => port(name, { write: () => undefined }));
  const transport = undiciTransport();
  const forward = transport.close.bind(transport);
  Object.assign(transport, {
    close: () => {
      closed.push('transport');
      return forward();
    },
  });
  const store = port('keys', new MemoryApiKeyStore());
  const quotas = port('quotas', new MemoryQuotaStore());
  const options = (turn: number): GatewayOptions => ({
    transport,
    authenticate: { apiKeys: { store, cacheSize: 10 + turn }, anonymous: { paths: ['/api'] } },
    rateLimit: { store: quotas, tiers: { free: { requestsPerMinute: 100 + turn } } },
    services: { '/api': { targets: [behind.url], cost: turn / 1000 } },
    analytics: {
      sinks: [kept as Sink, ...(turn === 0 ? [dropped as Sink] : [])],
      maxLabelValues: 10 + turn,
    },
  });
  const { url, gateway } = await reloadable(options(0));
  expect((await send(url, '/api')).status).toBe(200);
  for (const turn of [1, 2]) gateway.reload(options(turn));
  await until(async () => closed.length > 0);
  expect(closed).toEqual(['dropped']);
  expect((await send(url, '/api')).status).toBe(200);
  await gateway.close();
  expect(closed.sort()).toEqual(['dropped', 'kept', 'keys', 'quotas', 'transport']);
});

test('a part that cannot be closed keeps no other one open', async () => {
  const behind = await upstream();
  const redis = (await RedisServer.start()).url;
  const store = Object.assign(new MemoryApiKeyStore(), {
    close: () => Promise.reject(new Error('It will not close')),
  });
  const written: unknown[] = [];
  const gateway = createGateway({
    redis,
    services: { '/api': behind.url },
    authenticate: { apiKeys: { store }, anonymous: { paths: ['/api'] } },
    analytics: { sinks: [{ write: (batch) => void written.push(...batch) }] },
  });
  const { url } = await serve(gateway.listener);
  await send(url, '/api');
  await expect(gateway.close()).rejects.toThrow('It will not close');
  expect(written).toHaveLength(1);
});

test('a gateway that is closed takes no options over', async () => {
  const behind = await upstream();
  const services = { '/api': { targets: [behind.url], healthCheck: { path: '/', intervalMs: 20 } } };
  const { gateway } = await reloadable({ ...lenient, services: { '/api': behind.url } });
  await gateway.close();
  expect(gateway.reload({ ...lenient, services })).toEqual({ changed: [], restart: [] });
});

test('options that are wrong in a later part do not forget what was used', async () => {
  const behind = await upstream();
  const registry = new Registry();
  const options = (
    maxSubjects: number,
    maxLabelValues: number,
    requestsPerMinute: number,
  ): GatewayOptions => ({
    ...lenient,
    services: { '/api': behind.url },
    rateLimit: { maxSubjects, tiers: { free: { requestsPerMinute } } },
    analytics: { registry, maxLabelValues },
  });
  const { url, gateway } = await reloadable(options(10, 10, 2));
  for (const status of [200, 200, 429]) expect((await send(url, '/api')).status).toBe(status);
  expect(() => gateway.reload(options(20, 20, 2))).toThrow(ConfigError);
  gateway.reload(options(10, 10, 3));
  for (const status of [200, 429]) expect((await send(url, '/api')).status).toBe(status);
});

test('a part that measures something after a change only shows it', async () => {
  const behind = await upstream();
  const client = (await RedisServer.start()).client();
  const options = (apiKeys: object): GatewayOptions => ({
    services: { '/api': behind.url },
    redis: client,
    authenticate: { adminKey, apiKeys },
  });
  const { gateway } = await reloadable(options({ keys: [] }));
  gateway.reload(options({}));
  expect(await gateway.analytics?.registry.metrics()).toContain('gateway_api_key_cache_entries 0');
});
