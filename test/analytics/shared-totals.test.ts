import { expect, test } from '@jest/globals';
import { type AnalyticsOptions, analytics, GatewayEvents } from 'gatewright';
import type { RequestEvent } from 'gatewright/analytics';
import type { Redis } from 'ioredis';
import { Figures } from '../../src/analytics/figures.js';
import { RedisRows, type RedisRowsOptions } from '../../src/analytics/redis-rows.js';
import { silentLogger } from '../../src/core/logger.js';
import { cleanup, send } from '../helpers.js';
import { keepWarnings } from '../proxy-router/support.js';
import { RedisServer } from '../redis-server.js';
import { eventually, keysWithExpiry } from '../redis-support.js';
import { recorded, recordOf } from './support.js';

const HOUR_MS = 3_600_000;

/** One replica's figures; what is flushed is decided by the test. */
async function replicas(count: number, more: Partial<RedisRowsOptions> = {}) {
  const server = await RedisServer.start();
  const client = server.client();
  const options = { maxEntries: 1000, keepDays: 2, flushMs: 60_000, closeTimeoutMs: 5000 };
  const all = Array.from({ length: count }, () => {
    const rows = new RedisRows({
      client,
      keyPrefix: 'gw:',
      maxEntries: 1000,
      keepMs: { hour: 2 * HOUR_MS, day: 72 * HOUR_MS },
      timeoutMs: 5000,
      logger: silentLogger,
      events: undefined,
      ...more,
    });
    const figures = new Figures(options, rows);
    cleanup(() => figures.close());
    return figures;
  });
  return { server, client, all };
}

const now = (more: Partial<RequestEvent> = {}) => recordOf({ timestamp: Date.now(), ...more });

test('every replica shows the sum of all, with what no flush has shared of its own', async () => {
  const { all } = await replicas(2);
  const [one, two] = all as [Figures, Figures];
  one.add(now({ cost: 0.25, durationMs: 10 }));
  two.add(now({ cost: 0.5, status: 500, durationMs: 30 }));
  two.add(now({ status: 404, durationMs: 20 }));
  const own = await two.report('all');
  expect(own).toMatchObject({ scope: 'all', metrics: { total_requests: 2, total_cost: 0.5 } });
  await one.close();
  await two.close();
  for (const figures of all) {
    expect((await figures.report('all')).metrics).toMatchObject({
      total_requests: 3,
      total_cost: 0.75,
      avg_response_time_ms: 20,
      error_rate: 0.3333,
      status_codes: { 200: 1, 404: 1, 500: 1 },
    });
    expect(await figures.usage({ by: ['service'] })).toMatchObject({
      scope: 'all',
      usage: [{ service: 'kgot', requests: 3, errors: 1, cost: 0.75 }],
    });
  }
  expect((await one.report('local')).metrics.total_requests).toBe(1);
  expect((await one.usage({ scope: 'local' })).total.requests).toBe(1);
});

test('keys have a life: of hours, and of the days that are kept', async () => {
  const { client, all } = await replicas(1);
  all[0]?.add(now());
  await all[0]?.close();
  const keys = Object.entries(await keysWithExpiry(client)).sort();
  expect(keys.map(([key]) => key.replace(/\d+/, 'n'))).toEqual([
    expect.stringMatching(/^gw:analytics:day:n-\d\d-\d\d$/),
    'gw:analytics:hour:n',
  ]);
  expect(keys[0]?.[1]).toBeGreaterThan(71 * HOUR_MS);
  expect(keys[1]?.[1]).toBeGreaterThan(HOUR_MS);
});

test('a batch whose answer was lost is counted once', async () => {
  const { client, all } = await replicas(1);
  const [figures] = all as [Figures];
  // The first answer is lost on its way: the script has run.
  const scripts = client as unknown as { evalBuffer(...args: unknown[]): Promise<unknown> };
  const real = scripts.evalBuffer.bind(client);
  let lost = 0;
  Object.assign(client, {
    evalBuffer: async (...args: unknown[]) => {
      const answer = await real(...args);
      lost += 1;
      if (lost === 1) throw new Error('Connection is closed.');
      return answer;
    },
  });
  for (let turn = 0; turn < 3; turn += 1) figures.add(now({ cost: 1 }));
  await figures.close();
  expect(lost).toBeGreaterThan(0);
  const report = await figures.report('all');
  expect(report.scope).toBe('all');
  expect(report.metrics).toMatchObject({ total_requests: 3, total_cost: 3 });
});

/** The hour's figures as a replica sees them that has counted nothing itself. */
async function inRedis(client: Redis) {
  const reader = analytics({ redis: client });
  const { scope, metrics } = await reader.report('all');
  await reader.close();
  expect(scope).toBe('all');
  return metrics;
}

test('counts on while Redis is away, says that it shows its own, and loses nothing', async () => {
  const server = await RedisServer.start();
  const client = server.client({ maxRetriesPerRequest: 0 });
  const events = new GatewayEvents();
  const modes: string[] = [];
  events.on('storeMode', ({ store, mode }) => modes.push(`${store} ${mode}`));
  const { logger, lines } = keepWarnings();
  const recorder = analytics({ redis: client, flushMs: 10, storeTimeoutMs: 300, events, logger });
  cleanup(() => recorder.close());
  const { url, until } = await recorded(recorder, (_req, res) => res.end());
  await send(url, '/');
  await until(1);
  await eventually(async () => expect(await inRedis(client)).toMatchObject({ total_requests: 1 }));
  await server.kill();
  for (let turn = 0; turn < 5; turn += 1) await send(url, '/');
  await until(6);
  await eventually(() => expect(modes).toEqual(['analytics local']));
  expect(await recorder.report('all')).toMatchObject({ scope: 'local', metrics: { total_requests: 6 } });
  await server.up();
  await eventually(() => expect(modes).toEqual(['analytics local', 'analytics shared']));
  // The restarted server has forgotten the first request; what came since is whole.
  await eventually(async () => expect(await inRedis(client)).toMatchObject({ total_requests: 5 }));
  expect(lines.map(([line]) => line)).toEqual(['Analytics keep their totals until Redis is back']);
});

test('subjects without end are counted together, and the totals stay right', async () => {
  const { client, all } = await replicas(2, { maxEntries: 50 });
  all.forEach((figures, replica) => {
    for (let at = 0; at < 200; at += 1) figures.add(now({ subject: `ip:${replica}.${at}`, cost: 0.001 }));
  });
  for (const figures of all) await figures.close();
  const { usage, total } = await (all[0] as Figures).usage({});
  expect(total).toMatchObject({ requests: 400, cost: 0.4 });
  expect(usage.length).toBeLessThanOrEqual(52);
  expect(usage[0]).toMatchObject({ subject: 'other' });
  const day = (await client.keys('gw:analytics:day:*'))[0] as string;
  expect(await client.hlen(day)).toBeLessThanOrEqual(54);
});

test('a key of another type, or with a row of another length, breaks nothing', async () => {
  const { client, all } = await replicas(1);
  const [figures] = all as [Figures];
  const hour = `gw:analytics:hour:${Math.floor(Date.now() / HOUR_MS)}`;
  await client.set(hour, 'something else');
  figures.add(now());
  expect(await figures.report('all')).toMatchObject({ scope: 'local', metrics: { total_requests: 1 } });
  await client.del(hour);
  await client.hset(hour, { t: 'xy', s200: '', unknown: '1' });
  expect((await figures.report('all')).metrics.total_requests).toBeGreaterThanOrEqual(0);
});

test.each<[string, AnalyticsOptions, string]>([
  ['a client that is none', { redis: {} as never }, '`analytics.redis`'],
  ['a flush without end', { flushMs: 1 }, '`analytics.flushMs`'],
  ['usage of no days', { usage: { keepDays: 0 } }, '`analytics.usage.keepDays`'],
  ['a sink that cannot write', { sinks: [{} as never] }, '`analytics.sinks[0]`'],
])('refuses %s', (_what, options, message) => {
  expect(() => analytics(options)).toThrow(message);
});
