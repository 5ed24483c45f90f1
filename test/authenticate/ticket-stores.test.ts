import { describe, expect, test } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import { MemoryTicketStore, RedisTicketStore, type RedisTicketStoreOptions } from 'gatewright/authenticate';
import { cleanup, send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually, keysWithExpiry } from '../redis-support.js';
import { eventSource, ticketed } from './browser-support.js';
import { durationClock } from './keys-support.js';
import { adminKey } from './support.js';

const asAdmin = { 'X-API-Key': adminKey };
const invalid = [401, 'Invalid ticket'];

describe('tickets in memory', () => {
  test('are good for thirty seconds where nothing else is said', async () => {
    const clock = durationClock();
    const { ticketFor, use } = await ticketed({ adminKey });
    const [one, other] = [await ticketFor(asAdmin), await ticketFor(asAdmin)];
    clock.advance(29_000);
    expect(await use(one)).toMatchObject({ id: 'admin' });
    clock.advance(1_000);
    expect(await use(other)).toEqual(invalid);
  });

  test('say when they expire', async () => {
    const { guard } = await ticketed({ tickets: { ttlMs: 5000 } });
    const identity = { id: 'u', method: 'custom', tier: 'free', permissions: [], metadata: {} } as const;
    const before = Date.now();
    const { expiresAt } = (await guard.tickets?.issue(identity)) ?? { expiresAt: '' };
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(before + 5000);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 5000);
  });

  test('are no more than there is room for, until some have been used or have expired', async () => {
    const clock = durationClock();
    const store = new MemoryTicketStore({ maxTickets: 2 });
    const { ticketFor, issued, use } = await ticketed({ adminKey, tickets: { store } });
    const first = await ticketFor(asAdmin);
    await ticketFor(asAdmin);
    expect((await issued(asAdmin)).status).toBe(503);
    expect(await use(first)).toMatchObject({ id: 'admin' });
    await ticketFor(asAdmin);
    expect(store.size).toBe(2);
    clock.advance(30_000);
    await ticketFor(asAdmin);
    expect(store.size).toBe(1);
  });
});

async function replica(redis: RedisServer, options: Partial<RedisTicketStoreOptions> = {}) {
  const client = redis.client();
  const store = new RedisTicketStore({ client, timeoutMs: 500, ...options });
  cleanup(() => store.close());
  return { client, ...(await ticketed({ adminKey, tickets: { store } })) };
}

describe('tickets in Redis', () => {
  test('are known to every replica, once', async () => {
    const redis = await RedisServer.start();
    const [one, other] = [await replica(redis), await replica(redis)];
    const ticket = await one.ticketFor(asAdmin);
    expect(await other.use(ticket)).toMatchObject({ id: 'admin' });
    expect(await one.use(ticket)).toEqual(invalid);
    expect(await other.use(ticket)).toEqual(invalid);
  });

  test('are there as hashes, and no longer than they are good', async () => {
    const { client, ticketFor } = await replica(await RedisServer.start(), { keyPrefix: 'test:' });
    const ticket = await ticketFor(asAdmin);
    const [[key = '', expiry = 0] = []] = Object.entries(await keysWithExpiry(client));
    expect(key).toMatch(/^test:ticket:[\w-]{43}$/);
    expect(expiry).toBeGreaterThan(25_000);
    expect(expiry).toBeLessThanOrEqual(30_000);
    const held = key + (await client.get(key));
    for (const secret of [ticket.slice(4), adminKey]) expect(held).not.toContain(secret);
  });

  test('are neither issued nor accepted while it is away, and that is said', async () => {
    const redis = await RedisServer.start();
    const told: string[] = [];
    const tell = (message: string) => void told.push(message);
    const events = new GatewayEvents();
    events.on('storeMode', ({ store, mode }) => told.push(`${store}: ${mode}`));
    const logger = { info: tell, warn: tell, error: tell };
    const { url, ticketFor, issued, use } = await replica(redis, { events, logger });
    const ticket = await ticketFor(asAdmin);
    await redis.kill();
    await eventually(async () => {
      expect((await issued(asAdmin)).status).toBe(503);
      expect(told).toEqual(['Redis is unavailable: tickets are refused', 'tickets: closed']);
    });
    const answer = await send(url, `/?ticket=${ticket}`, { headers: eventSource });
    expect([answer.status, answer.body]).toEqual([
      503,
      '{"error":"Service temporarily unavailable","service":"authentication"}',
    ]);
    await redis.up();
    await eventually(async () => expect(await use(await ticketFor(asAdmin))).toMatchObject({ id: 'admin' }));
    expect(told.slice(2)).toEqual(['Redis is back: tickets are accepted again', 'tickets: shared']);
  });
});
