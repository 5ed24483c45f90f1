import { describe, expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { bothStores } from '../redis-limited.js';

const anonymous = { anonymous: { paths: ['/a', '/b', '/c'] } };

async function gatewayWith(options: Pick<GatewayOptions, 'rateLimit' | 'authenticate'>, limits: object) {
  const { url: target } = await upstream();
  const gateway = gatewayOf({
    services: {
      '/a': { targets: [target], ...limits },
      '/b': target,
      '/c': { targets: [target], rateLimit: false },
    },
    authenticate: anonymous,
    ...options,
  });
  const { url } = await serve(gateway.listener);
  const ask = async (path: string) => (await send(url, path)).status;
  const askTimes = async (path: string, times: number) => {
    const statuses = [];
    for (let count = 0; count < times; count += 1) statuses.push(await ask(path));
    return statuses;
  };
  return { gateway, url, ask, askTimes };
}

describe.each(bothStores)('limits of a service, %s', (_name, options) => {
  test('count apart from those of the others', async () => {
    const rateLimit = { tiers: { free: { requestsPerMinute: 2 } }, ...(await options()) };
    const own = { rateLimit: { tiers: { free: { requestsPerMinute: 3 } } } };
    const { askTimes } = await gatewayWith({ rateLimit }, own);
    expect(await askTimes('/a', 4)).toEqual([200, 200, 200, 429]);
    expect(await askTimes('/b', 3)).toEqual([200, 200, 429]);
    expect(await askTimes('/c', 5)).toEqual([200, 200, 200, 200, 200]);
  });

  test('leave a tier that they do not name as it is, and still count apart', async () => {
    const rateLimit = { tiers: { free: { requestsPerMinute: 2 } }, ...(await options()) };
    const { askTimes } = await gatewayWith({ rateLimit }, { rateLimit: { tiers: { basic: {} } } });
    expect(await askTimes('/a', 3)).toEqual([200, 200, 429]);
    expect(await askTimes('/b', 3)).toEqual([200, 200, 429]);
  });
});

describe('limits of a service', () => {
  test('are announced in its answers', async () => {
    const own = { rateLimit: { tiers: { free: { requestsPerHour: 7 } } } };
    const { url } = await gatewayWith({}, own);
    expect((await send(url, '/a')).headers['ratelimit-policy']).toBe('"per_hour";q=7;w=3600');
    expect((await send(url, '/b')).headers['ratelimit-policy']).toContain('"per_minute";q=10;w=60');
    expect((await send(url, '/c')).headers['ratelimit-policy']).toBeUndefined();
  });

  test('hold for its cost', async () => {
    const own = { cost: 0.4, rateLimit: { tiers: { free: { costLimitPerHour: 1 } } } };
    const { askTimes } = await gatewayWith({}, own);
    expect(await askTimes('/a', 3)).toEqual([200, 200, 429]);
  });

  test('are not consumed by who is refused before', async () => {
    const own = { rateLimit: { tiers: { free: { requestsPerMinute: 1 } } }, permissions: ['a:read'] };
    const { gateway, url } = await gatewayWith({ authenticate: {} }, own);
    const key = await gateway.apiKeys?.create({ permissions: ['a:read'] });
    const ask = async (apiKey = '') => (await send(url, '/a', { headers: { 'x-api-key': apiKey } })).status;
    expect([await ask('gw_wrong'), await ask('gw_wrong'), await ask(key?.key)]).toEqual([401, 401, 200]);
    expect(await ask(key?.key)).toBe(429);
  });

  test('are off with the whole section', async () => {
    const { askTimes } = await gatewayWith({ rateLimit: false }, {});
    expect(new Set(await askTimes('/b', 30))).toEqual(new Set([200]));
  });

  test.each([
    [
      { tiers: { free: { requestsPerMinute: 0 } } },
      '`services["/a"].rateLimit.tiers.free.requestsPerMinute`',
    ],
    [true, '`services["/a"].rateLimit`'],
  ])('throw where they are wrong: %j', async (rateLimit, path) => {
    await expect(gatewayWith({}, { rateLimit })).rejects.toThrow(path);
  });
});
