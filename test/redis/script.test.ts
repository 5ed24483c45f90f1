import { expect, jest, test } from '@jest/globals';
import { RedisScript } from '../../src/redis/script.js';
import { RedisServer } from '../redis-server.js';

const echo = new RedisScript('return ARGV[1]');
const read = (answer: unknown): string => String(answer);

test('calls of one turn are written at once, in their order', async () => {
  const client = (await RedisServer.start()).client();
  await echo.run(client, 0, ['first'], read);
  // What one piece and what several pieces are written by.
  const writes = (['_write', '_writev'] as const).map((name) => jest.spyOn(client.stream, name));
  const called = (): number => writes.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  const answers = ['a', 'b', 'c'].map((each) => echo.run(client, 0, [each], read));
  expect(called()).toBe(0);
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  expect(called()).toBe(1);
  expect(await echo.run(client, 0, ['d'], read)).toBe('d');
  expect(called()).toBe(2);
});

test('a connection that ends in a turn takes the calls of this turn with it', async () => {
  const client = (await RedisServer.start()).client();
  await echo.run(client, 0, ['first'], read); // A server that did not know it would be asked twice.
  const answer = echo.run(client, 0, ['a'], read);
  await client.quit();
  expect(await answer).toBe('a');
});
