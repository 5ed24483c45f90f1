import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { subscriberOf } from '../../src/redis/subscriber.js';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';

test('one that is ended as it comes back leaves no rejection that nobody handles', async () => {
  const server = await RedisServer.start();
  const subscriber = subscriberOf(server.client());
  cleanup(() => subscriber.disconnect());
  await once(subscriber, 'ready');
  await subscriber.subscribe('news');
  const rejections: unknown[] = [];
  const heard = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', heard);
  cleanup(() => process.off('unhandledRejection', heard));
  await server.kill();
  // Not by `once()`, which fails where it is refused before the server is up.
  const ended = new Promise<void>((resolve) => subscriber.once('end', () => resolve()));
  subscriber.once('ready', () => {
    subscriber.disconnect();
    (subscriber as Redis).stream.destroy(); // Before any answer can be read.
  });
  await server.up();
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
});
