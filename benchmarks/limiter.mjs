// The limiter against its peers: `npm run bench:limiter`. Needs a redis-server (REDIS_SERVER, else PATH).
import { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { rateLimit as expressRateLimit, MemoryStore } from 'express-rate-limit';
import { defaultTiers } from 'gatewright';
import { MemoryQuotaStore, RedisQuotaStore, rateLimit } from 'gatewright/rate-limit';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterUnion } from 'rate-limiter-flexible';
import { cpuPerOperation, printTable } from './measure.mjs';
import { freePort, OTHER_CORE, OWN_CORE, pin, spawnOn } from './processes.mjs';

/** The six dimensions, far from their ceilings. @type {import('gatewright').QuotaLimits} */
const limits = {
  windows: [
    { dimension: 'burst', windowMs: 1000, limit: 1e9 },
    { dimension: 'per_minute', windowMs: 60_000, limit: 1e9 },
    { dimension: 'per_hour', windowMs: 3_600_000, limit: 1e9 },
    { dimension: 'per_day', windowMs: 86_400_000, limit: 1e9 },
    { dimension: 'cost_per_hour', windowMs: 3_600_000, limit: 1e15 },
  ],
  concurrent: 1e6,
};
const subjects = Array.from({ length: 1000 }, (_, at) => `key:${at}`);
const subject = (/** @type {number} */ at) => /** @type {string} */ (subjects[at % subjects.length]);

async function inMemory() {
  const operations = 100_000;
  const ours = new MemoryQuotaStore();
  const deciding = new MemoryQuotaStore();
  const flexible = new RateLimiterMemory({ points: 1e9, duration: 60 });
  const union = new RateLimiterUnion(
    ...[1, 60, 3600, 86_400, 3601].map(
      (duration) => new RateLimiterMemory({ points: 1e9, duration, keyPrefix: `w${duration}` }),
    ),
  );
  const express = new MemoryStore();
  express.init(/** @type {import('express-rate-limit').Options} */ ({ windowMs: 60_000 }));
  const results = await cpuPerOperation(
    {
      'gatewright: decide six dimensions': () => {
        for (let at = 0; at < operations; at += 1)
          deciding.reserve(subject(at), limits, 1, 2000, Number.POSITIVE_INFINITY);
      },
      'gatewright: decide six dimensions, and settle': () => {
        for (let at = 0; at < operations; at += 1) {
          const { lease } = ours.reserve(subject(at), limits, 1, 2000, Number.POSITIVE_INFINITY);
          if (lease) ours.settle(lease, 2000);
        }
      },
      'rate-limiter-flexible: one window': async () => {
        for (let at = 0; at < operations; at += 1) await flexible.consume(subject(at));
      },
      'rate-limiter-flexible: union of five windows': async () => {
        for (let at = 0; at < operations; at += 1) await union.consume(subject(at));
      },
      'express-rate-limit: one window': async () => {
        for (let at = 0; at < operations; at += 1) await express.increment(subject(at));
      },
    },
    { operations },
  );
  express.shutdown();
  printTable('In memory, CPU of a decision', results, 'express-rate-limit: one window');
}

/** What a request costs that is limited, header fields and all. */
async function asMiddleware() {
  const operations = 20_000;
  const ample = 1e9;
  const tier = {
    burstLimit: ample,
    requestsPerMinute: ample,
    requestsPerHour: ample,
    requestsPerDay: ample,
    costLimitPerHour: ample,
    concurrentRequests: 1e6,
  };
  const ours = rateLimit({ tiers: { free: tier }, cost: 0.002 });
  const theirs = expressRateLimit({
    limit: ample,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false,
  });
  const passing =
    (/** @type {(req: any, res: any, next: () => void) => unknown} */ middleware) => async () => {
      let passed = 0;
      const next = () => {
        passed += 1;
      };
      for (let at = 0; at < operations; at += 1) {
        const req = Object.assign(new IncomingMessage(peer), { method: 'GET', url: '/', ip: '192.0.2.1' });
        const res = new ServerResponse(req);
        await middleware(req, res, next);
        res.emit('close');
      }
      if (passed !== operations) throw new Error(`${passed} of ${operations} passed`);
    };
  const results = await cpuPerOperation(
    {
      'gatewright: six dimensions, settled': passing(ours),
      'express-rate-limit: one window': passing(theirs),
      'a request that passes': passing((_req, _res, next) => next()),
    },
    { operations },
  );
  await ours.close();
  printTable(
    'In memory, as a middleware, the request made among it',
    results,
    'express-rate-limit: one window',
  );
}

/** Where requests come from. */
const peer = /** @type {import('node:net').Socket} */ (
  /** @type {unknown} */ ({ remoteAddress: '192.0.2.1', destroy() {}, on() {}, once() {} })
);

async function onRedis() {
  const operations = 6400;
  const port = await freePort();
  const server = spawnOn(OTHER_CORE, process.env['REDIS_SERVER'] ?? 'redis-server', [
    '--port',
    String(port),
    '--save',
    '',
  ]);
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  await client.ping();
  const ours = new RedisQuotaStore({ client });
  const union = new RateLimiterUnion(
    ...[60, 3600, 86_400].map(
      (duration) =>
        new RateLimiterRedis({ storeClient: client, points: 1e9, duration, keyPrefix: `w${duration}` }),
    ),
  );
  const one = new RateLimiterRedis({ storeClient: client, points: 1e9, duration: 60, keyPrefix: 'one' });
  const digest = String(await client.script('LOAD', 'return 1'));
  /** @template Result @param {(at: number) => Result | Promise<Result>} operation */
  const concurrently = async (operation) => {
    /** @type {Result[]} */
    const results = [];
    let next = 0;
    const worker = async () => {
      while (next < operations) results.push(await operation(next++));
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    return results;
  };
  /** @type {import('gatewright/rate-limit').QuotaDecision[]} */
  let decisions = [];
  const results = await cpuPerOperation(
    {
      'gatewright: decide six dimensions': async () => {
        decisions = await concurrently((at) => ours.reserve(subject(at), limits, 1, 2000, 30_000));
      },
      'gatewright: settle': () =>
        concurrently((at) => {
          const lease = decisions[at]?.lease;
          return lease && ours.settle(lease, 1000);
        }),
      'rate-limiter-flexible: one window': () => concurrently((at) => one.consume(subject(at))),
      'rate-limiter-flexible: union of three windows': () => concurrently((at) => union.consume(subject(at))),
      'bare EVALSHA of a script that returns': () => concurrently(() => client.evalsha(digest, 0)),
    },
    { operations, rounds: 9 },
  );
  ours.close();
  client.disconnect();
  server.kill();
  printTable('On Redis, CPU of this process, 64 at a time', results, 'gatewright: decide six dimensions');
}

async function memory() {
  const count = 1_000_000;
  const free = limitsOfTier();
  // Names as they come from the network: each one string of 36 characters.
  const ids = Buffer.alloc(36 * count, '0');
  for (let at = 0; at < count; at += 1) ids.write(String(at).padStart(36, '0'), 36 * at);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const store = new MemoryQuotaStore({ maxSubjects: count });
  for (let at = 0; at < count; at += 1) {
    const { lease } = store.reserve(
      `key:${ids.toString('latin1', 36 * at, 36 * at + 36)}`,
      free,
      1,
      2000,
      Number.POSITIVE_INFINITY,
    );
    if (lease) store.settle(lease, 1000);
  }
  globalThis.gc?.();
  await sleep(100);
  const after = process.memoryUsage();
  // The store must live until here.
  store.peek('', free, 1, 0);
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  console.log(`\nMemory of a million subjects: ${(bytes / count).toFixed(0)} bytes each`);
}

/** All windows of the tier `free`. @returns {import('gatewright').QuotaLimits} */
function limitsOfTier() {
  const free = /** @type {import('gatewright').TierLimits} */ (defaultTiers['free']);
  const ceilings = {
    burst: free.burstLimit ?? 1,
    per_minute: free.requestsPerMinute ?? 1,
    per_hour: free.requestsPerHour ?? 1,
    per_day: free.requestsPerDay ?? 1,
    cost_per_hour: 1_000_000 * (free.costLimitPerHour ?? 1),
  };
  return {
    windows: limits.windows.map((window) => ({ ...window, limit: ceilings[window.dimension] })),
    concurrent: free.concurrentRequests ?? 1,
  };
}

pin(OWN_CORE);
console.log(`Node ${process.version}, medians of interleaved rounds`);

await inMemory();
await asMiddleware();
await onRedis();
await memory();
