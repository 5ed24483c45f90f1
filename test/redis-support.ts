import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** How scripts are called; the types of ioredis leave it out. */
export interface Scripts {
  evalshaBuffer(...args: unknown[]): Promise<unknown>;
}

/** Tries until a check passes, and gives what it gives; after the deadline it fails as the check does. */
export async function eventually<Value>(
  check: () => Value | Promise<Value>,
  deadlineMs = process.env['SOAK'] ? 120_000 : 15_000,
): Promise<Value> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(10);
    }
  }
}

/** How many times Redis has been asked to run a script. */
export async function scriptCalls(client: Redis): Promise<number> {
  const statistics = await client.info('commandstats');
  const calls = /cmdstat_eval(?:sha)?:calls=(\d+)/g;
  return [...statistics.matchAll(calls)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Every key there is, with the milliseconds it has left. */
export async function keysWithExpiry(client: Redis): Promise<Record<string, number>> {
  const keys = await client.keys('*');
  const expiries = await Promise.all(keys.map(async (key) => [key, await client.pttl(key)] as const));
  return Object.fromEntries(expiries);
}
