import { expect, test } from '@jest/globals';
import { EventQueue } from '../../src/analytics/event-queue.js';
import { redisStreamSink } from '../../src/analytics/redis-stream-sink.js';
import { sinkQueueSchema } from '../../src/analytics/sink-options.js';
import { checkOptions } from '../../src/core/options.js';
import type { RedisClient } from '../../src/redis/client.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { event, events, lines, never } from './sink-support.js';

const idsIn = async (client: RedisClient, key: string): Promise<string[]> => {
  const entries = await client.xrange(key, '-', '+');
  return entries.map(([, fields]) => JSON.parse((fields as string[])[1] ?? '').request_id);
};

test('adds each event to the stream, in order', async () => {
  const client = (await RedisServer.start()).client();
  const sink = redisStreamSink({ client });
  await sink.write(events(3), never);
  expect(await idsIn(client, 'gw:events')).toEqual(['0', '1', '2']);
  await sink.close?.();
});

test('keeps about as many as it may', async () => {
  const client = (await RedisServer.start()).client();
  const sink = redisStreamSink({ client, key: 'audit', maxLength: 100 });
  for (let batch = 0; batch < 3; batch += 1) await sink.write(events(1000), never);
  // Redis removes whole nodes, which have a hundred entries each.
  expect(await client.xlen('audit')).toBeLessThanOrEqual(200);
  expect(await client.xlen('audit')).toBeGreaterThanOrEqual(100);
});

test('loses nothing while Redis is restarted', async () => {
  const server = await RedisServer.start();
  const client = server.client();
  const sink = redisStreamSink({ client, timeoutMs: 500 });
  await sink.write([event({ id: 'before' })], never);
  await server.kill();
  const written = sink.write([event({ id: 'during' })], never);
  await server.up();
  await written;
  expect(await idsIn(client, 'gw:events')).toContain('during');
  await sink.close?.();
});

test('ends when nobody waits for it any more, and a queue before it stays bounded', async () => {
  const server = await RedisServer.start();
  const client = server.client();
  await client.ping();
  const { said, logger } = lines();
  const sink = redisStreamSink({ client, timeoutMs: 50 });
  const options = { batchSize: 10, maxBuffered: 30, writeTimeoutMs: 300, flushMs: 10, closeTimeoutMs: 500 };
  const queue = new EventQueue(sink, checkOptions('sinks', sinkQueueSchema, options), logger);
  server.signal('SIGSTOP');
  for (const each of events(200)) queue.add(each);
  await eventually(() => expect(queue.counts().lost.timeout).toBeGreaterThan(0));
  expect(queue.counts().buffered).toBeLessThanOrEqual(40);
  await queue.close();
  const { written, buffered, lost } = queue.counts();
  expect(written + lost.full + lost.timeout + lost.failed + lost.closed).toBe(200);
  expect(buffered).toBe(0);
  expect(said[0]).toMatchObject({ level: 'warn', details: { sink: 'redis_stream' } });
  server.signal('SIGCONT');
});

test('gives up at once where Redis itself refuses, and repeats no event in the error', async () => {
  const client = (await RedisServer.start()).client();
  await client.set('gw:events', 'a string');
  const sink = redisStreamSink({ client });
  await expect(sink.write([event({ id: 'secret-id' })], never)).rejects.toThrow(/^WRONGTYPE$/);
});

test.each<[string, object, string]>([
  [
    'a client that is none',
    { client: {} },
    '`redisStreamSink.client` must be an object with pipeline(), ping()',
  ],
  ['no length', { maxLength: 0 }, '`redisStreamSink.maxLength` must be greater than 0, got 0.'],
])('refuses %s', (_name, options, message) => {
  const client = { pipeline: () => undefined, ping: () => undefined } as unknown as RedisClient;
  expect(() => redisStreamSink({ client, ...options })).toThrow(message);
});
