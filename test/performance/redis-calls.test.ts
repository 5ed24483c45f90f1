import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { REQUESTS, warmChain } from './counting.js';

/** What clients have Redis do, as it says itself, and not what its scripts then do. */
class Calls {
  #calls: string[] = [];

  static async of(redis: RedisServer): Promise<Calls> {
    const calls = new Calls();
    const monitor = await redis.client().monitor();
    cleanup(() => monitor.disconnect());
    monitor.on('monitor', (_time: string, [command = '', script]: string[], source: string) => {
      if (source !== 'lua') calls.#calls.push(command === 'evalsha' ? `script ${script}` : command);
    });
    return calls;
  }

  /** Forgets what was called so far, once nothing more comes of it. */
  async settle(): Promise<void> {
    await eventually(async () => {
      const before = this.#calls.length;
      await sleep(50);
      expect(this.#calls).toHaveLength(before);
    });
    this.#calls = [];
  }

  /** How often each was called, most often first. */
  get counts(): number[] {
    const counts: Record<string, number> = {};
    for (const call of this.#calls) counts[call] = (counts[call] ?? 0) + 1;
    return Object.values(counts).sort((a, b) => b - a);
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

test('Redis is called twice for a request: to decide, and to settle', async () => {
  const redis = await RedisServer.start();
  const chain = await warmChain({ redis: redis.url });
  const calls = await Calls.of(redis);
  await calls.settle();
  await chain.send(REQUESTS);
  await eventually(() => expect(calls.counts.slice(0, 2)).toEqual([REQUESTS, REQUESTS]));
  await sleep(50);
  const [decisions, settlements, ...others] = calls.counts;
  expect([decisions, settlements]).toEqual([REQUESTS, REQUESTS]);
  // Figures that are shared each second, and leases that are renewed where this takes long.
  expect(sum(others)).toBeLessThan(REQUESTS / 4);
});

test('Redis hears nothing of most requests that are over their limit', async () => {
  const redis = await RedisServer.start();
  const chain = await warmChain({ redis: redis.url });
  const calls = await Calls.of(redis);
  await calls.settle();
  await chain.sendRefused(REQUESTS);
  await sleep(50);
  expect(sum(calls.counts)).toBeLessThan(REQUESTS / 4); // 1 a second
});
