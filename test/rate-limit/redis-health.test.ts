import { describe, expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';

const soak = Boolean(process.env['SOAK']);

async function gatewayOn(redis: GatewayOptions['redis'], rateLimit: GatewayOptions['rateLimit'] = {}) {
  const { url: target } = await upstream();
  const gateway = gatewayOf({
    services: { '/a': target },
    authenticate: { anonymous: { paths: ['/a'] } },
    redis,
    rateLimit: rateLimit && { storeTimeoutMs: 400, tiers: { free: {} }, ...rateLimit },
  });
  const { url } = await serve(gateway.listener);
  const health = async () => {
    const { status, body } = await send(url, '/health');
    const parsed = JSON.parse(body);
    return [status, parsed.status, parsed.components.redis];
  };
  const ask = async () => (await send(url, '/a')).status;
  return { gateway, health, ask };
}

describe('/health of a gateway on Redis', () => {
  test.each([
    ['local', 'a URL', 200, [200, 'degraded', false]],
    ['open', 'a client', 200, [200, 'degraded', false]],
    ['closed', 'a URL', 503, [503, 'unhealthy', false]],
  ] as const)(
    'says so when Redis is away, with `onStoreError: %s` and %s',
    async (policy, how, status, away) => {
      const server = await RedisServer.start();
      const { gateway, health, ask } = await gatewayOn(how === 'a URL' ? server.url : server.client(), {
        onStoreError: policy,
      });
      expect([await ask(), await health()]).toEqual([200, [200, 'healthy', true]]);
      await server.kill();
      await eventually(async () => {
        expect(await ask()).toBe(status);
        expect(await health()).toEqual(away);
      });
      expect(gateway.health().status).toBe(away[1]);
      await server.up();
      await eventually(async () => expect(await health()).toEqual([200, 'healthy', true]));
      expect(await ask()).toBe(200);
    },
  );

  test('has nothing to say of a Redis that is not used', async () => {
    const { health } = await gatewayOn(undefined);
    expect(await health()).toEqual([200, 'healthy', null]);
  });

  test('has limits that two gateways share', async () => {
    const server = await RedisServer.start();
    const limits = { tiers: { free: { requestsPerDay: 3 } }, storeTimeoutMs: 60_000 };
    const [one, other] = [await gatewayOn(server.url, limits), await gatewayOn(server.url, limits)];
    const statuses = [];
    for (const gateway of [one, other, one, other, one]) statuses.push(await gateway.ask());
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });
});

// Longer than the time after which a connection that hangs is given up.
if (soak) {
  test('the connections of a gateway last while it is idle, and are closed with it', async () => {
    const server = await RedisServer.start();
    const looking = server.client();
    const { gateway, ask } = await gatewayOn(server.url);
    expect(await ask()).toBe(200);
    const others = async () => {
      const own = await looking.client('ID');
      const list = String(await looking.client('LIST')).matchAll(/^id=(\d+) /gm);
      return [...list].map(([, id]) => Number(id)).filter((id) => id !== own);
    };
    const before = await others();
    expect(before.length).toBeGreaterThanOrEqual(2);
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect(await others()).toEqual(before);
    await gateway.close();
    await eventually(async () => expect(await others()).toEqual([]));
  }, 30_000);
}
