import { describe, expect, test } from '@jest/globals';
import { authenticate } from 'gatewright/authenticate';
import { Redis } from 'ioredis';
import { keepingLogger } from '../audit/support.js';
import { cleanup } from '../helpers.js';
import { ended, quick, RedisServer } from '../redis-server.js';

/** A guard whose keys are in this Redis, what it warns of, and its question to Redis once that is answered. */
function watching(client: Redis) {
  let answered = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
  let questions = 0;
  Object.assign(client, {
    info(...args: unknown[]) {
      // The client itself asks before it is ready, for another section.
      if (args[0] !== 'memory') return info(...args);
      questions += 1;
      return info(...args).finally(() => setImmediate(answered));
    },
  });
  const { logger, lines } = keepingLogger();
  const guard = authenticate({ apiKeys: { redis: client }, logger });
  cleanup(() => guard.close());
  return { asked, guard, lines, questions: () => questions };
}

const limited = (policy: string) => ['--maxmemory', '100mb', '--maxmemory-policy', policy];

describe('a Redis that keeps API keys', () => {
  test.each(['allkeys-lru', 'allkeys-random'])('is warned of where it may evict them: %s', async (policy) => {
    const server = await RedisServer.start(...limited(policy));
    const { asked, lines } = watching(server.client());
    await asked;
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'The Redis that keeps API keys may evict them: set its maxmemory-policy to noeviction',
        details: { policy },
      },
    ]);
  });

  test.each([
    ['evicts nothing', limited('noeviction')],
    ['evicts what expires, as keys do not', limited('volatile-lru')],
    ['has no limit', ['--maxmemory-policy', 'allkeys-lru']],
    ['may not be asked', [...limited('allkeys-lru'), '--rename-command', 'INFO', '']],
  ])('is no cause for a warning where it %s', async (_how, settings) => {
    const server = await RedisServer.start(...settings);
    // The client's own check needs the same command.
    const client = server.client({ enableReadyCheck: false });
    const { asked, guard, lines } = watching(client);
    await asked;
    const { key } = await guard.apiKeys.create();
    expect(key).toMatch(/^gw_/);
    expect(lines).toEqual([]);
  });

  test('is asked once, when it is there', async () => {
    const server = await RedisServer.start(...limited('allkeys-lru'));
    await server.kill();
    const client = ended(new Redis({ port: server.port, host: '127.0.0.1', ...quick }));
    const { asked, lines, questions } = watching(client);
    await server.up();
    await asked;
    expect(lines).toHaveLength(1);
    const again = new Promise((resolve) => client.once('ready', resolve));
    await server.kill();
    await server.up();
    await again;
    await client.ping();
    expect([questions(), lines.length]).toEqual([1, 1]);
  });

  test('is not waited for by a guard that is closed', async () => {
    const client = ended(new Redis({ port: 1, host: '127.0.0.1', ...quick }));
    const listeners = client.listenerCount('ready');
    const { guard } = watching(client);
    expect(client.listenerCount('ready')).toBe(listeners + 1);
    await guard.close();
    expect(client.listenerCount('ready')).toBe(listeners);
  });
});
