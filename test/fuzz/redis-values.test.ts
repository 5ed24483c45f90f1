import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { gatewayOf, upstream } from '../gateway/support.js';
import { cleanup, send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { adminKey } from './reading.js';
import { PATIENCE_MS, runs } from './support.js';

/** What somebody else, or another version, may have written. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.constantFrom('', 'null', '{}', '[]', '-1', 'NaN', '{"id":1}'),
);

async function behindRedis() {
  const redis = await RedisServer.start();
  const client = new Redis(redis.url);
  cleanup(() => client.disconnect());
  const { url } = await upstream();
  const gateway = gatewayOf({
    redis: client,
    services: { '/api/kgot': url },
    authenticate: { adminKey },
  });
  const server = await serve(gateway.listener);
  return { client, url: server.url };
}

test(
  'whatever stands in Redis for usage, it is told, and requests go on',
  async () => {
    const { client, url } = await behindRedis();
    const headers = { 'x-api-key': adminKey };
    const day = new Date().toISOString().slice(0, 10);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 20 }), value, { maxKeys: 4 }), async (rows) => {
        const names = [...(await client.keys('gw:analytics:*')), `gw:analytics:day:${day}`];
        for (const name of names) if (Object.keys(rows).length > 0) await client.hset(name, rows);
        for (const path of ['/api/usage', '/metrics'])
          expect([200, 503]).toContain((await send(url, path, { headers })).status);
        expect((await send(url, '/api/kgot/x', { headers })).status).toBe(200);
      }),
      runs(30),
    );
  },
  PATIENCE_MS,
);
