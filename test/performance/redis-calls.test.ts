import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { type Chain, REQUESTS, warmChain } from './counting.js';

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

  /** Waits until all has been seen that was called by now. */
  async seen(redis: RedisServer): Promise<void> {
    await redis.client().echo('seen');
    await eventually(() => expect(this.#calls).toContain('echo'));
  }

  /** How often each was called, most often first. */
  get counts(): number[] {
    const counts: Record<string, number> = {};
    for (const call of this.#calls) counts[call] = (counts[call] ?? 0) + 1;
    return Object.values(counts).sort((a, b) => b - a);
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** How often each was called for what is sent, most often first. */
async function callsOf(send: (chain: Chain) => Promise<void>): Promise<readonly number[]> {
  const redis = await RedisServer.start();
  const chain = await warmChain({ redis: redis.url });
  const calls = await Calls.of(redis);
  await calls.settle();
  await send(chain);
  await calls.seen(redis);
  return calls.counts;
}

test('Redis is called twice at most for a request: to decide, and to settle', async () => {
  const [decisions = 0, ...others] = await callsOf(async (chain) => {
    for (let request = 0; request < REQUESTS; request += 1) await chain.send(1);
  });
  // Nobody waits for a settlement: it goes with the next decision where that one is quick.
  expect(decisions).toBeGreaterThanOrEqual(REQUESTS);
  expect(decisions).toBeLessThanOrEqual(2 * REQUESTS);
  // Figures that are shared each second, and leases that are renewed where this takes long.
  expect(sum(others)).toBeLessThan(REQUESTS / 4);
});

test('Redis is called once for what is asked in a turn', async () => {
  const [decisions = 0, ...others] = await callsOf((chain) => chain.send(REQUESTS));
  expect(decisions).toBeGreaterThan(1);
  expect(decisions + sum(others)).toBeLessThan(REQUESTS / 4);
});

test('Redis hears nothing of most requests that are over their limit', async () => {
  const redis = await RedisServer.start();
  const chain = await warmChain({ redis: redis.url });
  const calls = await Calls.of(redis);
  await calls.settle();
  await chain.sendRefused(REQUESTS);
  await calls.seen(redis);
  expect(sum(calls.counts)).toBeLessThan(REQUESTS / 4); // 1 a second
});
