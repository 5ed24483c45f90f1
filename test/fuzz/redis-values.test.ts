import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { generateApiKey, hashApiKey } from '../../src/authenticate/api-key.js';
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
    authenticate: { adminKey, lockout: false, apiKeys: { cacheTtlMs: 0 } },
  });
  const server = await serve(gateway.listener);
  return { client, gateway, url: server.url };
}

test(
  'whatever stands in Redis for a key, the key is refused, and others go on',
  async () => {
    const { client, gateway, url } = await behindRedis();
    const made = await gateway.apiKeys?.create({ tier: 'system' });
    const good = { headers: { 'x-api-key': made?.key ?? '' } };
    const names = await client.keys('gw:*');
    const [records, hashes] = [':records', ':hashes'].map((end) => names.find((name) => name.endsWith(end)));
    await fc.assert(
      fc.asyncProperty(value, async (stored) => {
        const key = generateApiKey();
        await client.hset(hashes as string, hashApiKey(key), 'odd');
        await client.hset(records as string, 'odd', stored);
        const { status } = await send(url, '/api/kgot/x', { headers: { 'x-api-key': key } });
        expect([401, 503]).toContain(status);
        expect((await send(url, '/api/kgot/x', good)).status).toBe(200);
      }),
      runs(40),
    );
  },
  PATIENCE_MS,
);

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
