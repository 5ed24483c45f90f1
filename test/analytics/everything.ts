import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Gateway } from 'gatewright';
import { adminKey, gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { opened, webSockets } from '../websocket/support.js';

const asAdmin = { headers: { 'X-API-Key': adminKey } };

/** A gateway with everything on, that has seen traffic of all kinds, and was without Redis for a while. */
export async function gatewayOfEverything(): Promise<{ gateway: Gateway; url: string }> {
  const redis = await RedisServer.start();
  const held: ServerResponse[] = [];
  const well = await upstream((req, res) => {
    if (req.url === '/hold') held.push(res);
    else res.end('well');
  });
  const broken = await upstream((req, res) => {
    res.statusCode = 500;
    if (req.url === '/cut') {
      res.write('the beginning');
      setImmediate(() => res.destroy());
    } else res.end();
  });
  const chat = await webSockets();
  const gateway = gatewayOf({
    redis: redis.client(),
    authenticate: { adminKey, anonymous: { paths: ['/api/kgot/public'] } },
    circuitBreaker: { minimumRequests: 3 },
    analytics: {
      sinks: [{ name: 'mine', write: () => undefined }],
      alerts: [{ metric: 'error_rate', above: 0.5 }],
      forecast: { requestsPerSecondPerReplica: 10, history: [1, 2, 3] },
    },
    services: {
      '/api/kgot': {
        // Nobody listens at the first one: it is tried, and ejected.
        targets: ['http://127.0.0.1:1', well.url],
        cost: 0.002,
        retries: { backoffMs: 0 },
        ejection: { failures: 1 },
        bulkhead: { maxConcurrent: 1 },
      },
      '/api/broken': {
        targets: [broken.url],
        retries: false,
        circuitBreaker: { fallback: { body: 'sorry' } },
      },
      '/api/gone': 'http://127.0.0.1:1',
      '/api/chat': chat.url,
    },
  });
  const { url, server } = await serve(gateway.listener);
  gateway.attach(server);

  for (let at = 0; at < 4; at += 1) await send(url, '/api/kgot', asAdmin);
  for (let at = 0; at < 12; at += 1) await send(url, '/api/kgot/public');
  await send(url, '/api/kgot');
  await send(url, '/nothing');
  await send(url, '/api/gone', asAdmin);
  await send(url, '/api/broken/cut', asAdmin).catch(() => undefined);
  for (let at = 0; at < 5; at += 1) await send(url, '/api/broken', asAdmin);
  const slow = send(url, '/api/kgot/hold', asAdmin);
  await eventually(() => {
    if (held.length === 0) throw new Error('not there yet');
  });
  await send(url, '/api/kgot', asAdmin);
  held[0]?.end();
  await slow;
  const socket = await opened(url, '/api/chat', asAdmin);
  await opened(url, '/api/chat', asAdmin);
  socket.close();
  await once(socket, 'close');
  const created = await send(url, '/api/auth/api-key', { ...asAdmin, method: 'POST', body: '{}' });
  const { api_key: key } = JSON.parse(created.body);
  await send(url, '/api/kgot', { headers: { 'X-API-Key': key } });
  await redis.kill();
  await eventually(async () => {
    await send(url, '/api/kgot', { headers: { 'X-API-Key': key } });
    const text = await gateway.analytics?.registry.metrics();
    if (!text?.includes('gateway_store_mode{')) throw new Error('Redis is not missed yet');
  });
  await redis.up();
  return { gateway, url };
}

/** The names and types of the metrics of a gateway. */
export async function metricsOf(gateway: Gateway): Promise<Map<string, string>> {
  const text = (await gateway.analytics?.registry.metrics()) ?? '';
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
}

/** The Prometheus text of a gateway. */
export async function scrape(url: string): Promise<string> {
  return (await send(url, '/metrics', { headers: { Accept: 'text/plain' } })).body;
}
