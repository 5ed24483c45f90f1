import { expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { keyed } from './api-key-support.js';

/** The Prometheus text of a gateway. */
async function scrape(url: string): Promise<string> {
  return (await send(url, '/metrics', { headers: { Accept: 'text/plain' } })).body;
}

test('tells of the targets, and of the cache of keys', async () => {
  const client = (await RedisServer.start()).client();
  const { url, create, use } = await keyed({ redis: client });
  const { api_key } = await create({});
  for (let turn = 0; turn < 3; turn += 1) await use(api_key);
  const text = await scrape(url);
  expect(text).toMatch(
    /^gateway_target_requests_running\{service="kgot",target="http:..127.0.0.1:\d+"\} 0$/m,
  );
  expect(text).toContain('gateway_pool_queued_requests{service="kgot"} 0');
  expect(text).toContain('gateway_api_key_lookups_total{result="hit"} 2');
  expect(text).toContain('gateway_api_key_lookups_total{result="miss"} 1');
  expect(text).toContain('gateway_api_key_cache_entries 1');
});

test('has no cache of keys to tell of where they are in memory', async () => {
  const { url } = await keyed();
  expect(await scrape(url)).not.toContain('gateway_api_key');
});

test('what two gateways with one Redis have counted is shown by both, and outlives one of them', async () => {
  const client = (await RedisServer.start()).client();
  const options = { redis: client, analytics: { flushMs: 10 } };
  const [one, two] = [await keyed(options), await keyed(options)];
  const { api_key } = await one.create({});
  for (const { use } of [one, two, two]) expect(await use(api_key)).toBe(200);
  const total = async (url: string) => JSON.parse((await send(url, '/metrics')).body);
  for (const { url } of [one, two]) {
    await eventually(async () =>
      expect(await total(url)).toMatchObject({ scope: 'all', metrics: { total_requests: 3 } }),
    );
  }
  await one.gateway.close();
  expect(await total(two.url)).toMatchObject({ scope: 'all', metrics: { total_requests: 3 } });
  expect(JSON.parse((await send(two.url, '/metrics?scope=local')).body)).toMatchObject({
    scope: 'local',
    metrics: { total_requests: 2 },
  });
});
