import { expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { RedisCluster } from '../redis-cluster.js';
import { eventually } from '../redis-support.js';
import { brokenNetwork, type Replica, replica, upstreamOf } from './shared-support.js';

test('replicas share states, and hear operators, through a Cluster', async () => {
  const cluster = await RedisCluster.launch();
  cleanup(() => Promise.all(cluster.nodes.map((node) => node.stop())));
  const upstream = await upstreamOf();
  const gone = await brokenNetwork();
  const all: Replica[] = [];
  for (const target of [gone, gone, upstream.url]) {
    all.push(await replica(cluster, target, { halfOpenAfterMs: 60_000 }));
  }
  for (const { ask } of all) for (let at = 0; at < 3; at += 1) await ask();
  await eventually(() => expect(all.map(({ state }) => state())).toEqual(['open', 'open', 'open']));
  expect(await all[2]?.breaker.isolate('kgot')).toBe(true);
  await eventually(() => expect(all.map(({ state }) => state())).toEqual(Array(3).fill('isolated')));
  await all[0]?.breaker.reset('kgot');
  await eventually(() => expect(all.map(({ state }) => state())).toEqual(Array(3).fill('closed')));
});
