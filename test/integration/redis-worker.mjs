// A replica in a process of its own. It asks Redis about one subject, or serves requests, as its parent tells it.
import { createServer } from 'node:http';
import { RedisQuotaStore, rateLimit } from 'gatewright/rate-limit';
import { Redis } from 'ioredis';

const redis = new Redis(String(process.argv[2]));
const store = new RedisQuotaStore({ client: redis });
const AT_ONCE = 32;

/** @type {Record<string, (given: any) => Promise<unknown>>} */
const jobs = {
  /** Asks again and again; whoever is admitted keeps its slot. Gives how many were admitted. */
  async reserve({ subject, limits, times, points, costMicros }) {
    const ask = () => store.reserve(subject, limits, points, costMicros, 600_000);
    const decisions = await repeat(times, ask);
    return decisions.filter(({ allowed }) => allowed).length;
  },

  /** The same, giving slots back. Gives the most that were held at once by all processes, as Redis counted. */
  async churn({ subject, limits, times }) {
    const counted = await repeat(times, async () => {
      const { lease } = await store.reserve(subject, limits, 1, 0, 600_000);
      if (!lease) return 0;
      const held = await redis.incr('held');
      await redis.decr('held');
      await store.settle(lease, 0);
      return held;
    });
    return Math.max(...counted);
  },

  /** Serves `rateLimit()` in front of a handler that answers when it is told to. Gives its port. */
  async serve({ options }) {
    const limit = rateLimit({ ...options, redis });
    const server = createServer((req, res) => {
      limit(req, res, () => {
        if (req.url === '/hold') held.push(res);
        else res.end('ok');
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  },

  /** Lets the handler answer. Gives how many requests it held. */
  async release() {
    const responses = held.splice(0);
    for (const res of responses) res.end('ok');
    return responses.length;
  },
};

/** @type {import('node:http').ServerResponse[]} */
const held = [];

/**
 * @template Value
 * @param {number} times
 * @param {() => Promise<Value>} action
 */
async function repeat(times, action) {
  /** @type {Value[]} */
  const values = [];
  let left = times;
  const lane = async () => {
    while (left-- > 0) values.push(await action());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return values;
}

process.on('message', async (/** @type {{ job: string, given: unknown }} */ { job, given }) => {
  process.send?.({ result: await jobs[job]?.(given) });
});
process.on('disconnect', () => process.exit());
await redis.ping();
process.send?.({ result: 'ready' });
