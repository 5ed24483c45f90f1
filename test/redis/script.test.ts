import { expect, test } from '@jest/globals';
import { RedisScript } from '../../src/redis/script.js';
import { RedisServer } from '../redis-server.js';
import { scriptCalls } from '../redis-support.js';

const echo = new RedisScript('return ARGV[1]');

test('a script is sent once to a server that does not know it, and called by its digest', async () => {
  const client = (await RedisServer.start()).client();
  const calls: number[] = [];
  for (const each of ['a', 'b', 'c']) {
    expect(await echo.run(client, 0, [each], String)).toBe(each);
    calls.push(await scriptCalls(client));
  }
  // The first time it is asked by its digest, and then sent.
  expect(calls).toEqual([2, 3, 4]);
});

test('what a script fails with is the caller’s', async () => {
  const client = (await RedisServer.start()).client();
  const broken = new RedisScript(`return redis.error_reply('ERR broken')`);
  for (let time = 0; time < 2; time += 1)
    await expect(broken.run(client, 0, [], String)).rejects.toThrow('ERR broken');
});
