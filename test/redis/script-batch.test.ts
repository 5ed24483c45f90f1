import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type BatchItem, BatchScript, type CallBy, ScriptBatch } from '../../src/redis/script-batch.js';
import { RedisCluster } from '../redis-cluster.js';
import { RedisServer } from '../redis-server.js';
import type { Scripts } from '../redis-support.js';

/** Counts what it is asked for, says the sum so far and what all have in common, and fails where the key is no number. */
const script = new BatchScript({
  before: '',
  item: `
say(redis.call('INCRBY', KEYS[place], asked[1]))
if asked[2] then error('asked to fail') end
if common then say(common) end
`,
});

function counting(key: string, by: number, more: Partial<BatchItem<number[]>> = {}): BatchItem<number[]> {
  return { keys: [key], id: 'a:1', question: `[${by}]`, read: (numbers) => numbers, ...more };
}

function batchOn(client: unknown, common = () => 'false', callBy?: CallBy) {
  const calls = jest.spyOn(client as Scripts, 'evalshaBuffer');
  return { calls, batch: new ScriptBatch({ client: client as Redis, script, common, callBy }) };
}

async function batchOnServer(common?: () => string, callBy?: CallBy) {
  const client = (await RedisServer.start()).client();
  return { client, ...batchOn(client, common, callBy) };
}

describe('items of one turn', () => {
  test('are asked in one call at its end, in their order', async () => {
    const { batch, calls } = await batchOnServer(() => '7');
    const answers = [1, 2, 3].map((by) => batch.run(counting('sum', by)));
    expect(calls).not.toHaveBeenCalled();
    expect(await Promise.all(answers)).toEqual([
      [1, 7],
      [3, 7],
      [6, 7],
    ]);
    expect(calls).toHaveBeenCalledTimes(1);
    expect(await batch.run(counting('sum', 4))).toEqual([10, 7]);
    expect(calls).toHaveBeenCalledTimes(2);
  });

  test('tell keys and questions once where they are those of the item before', async () => {
    const { batch, calls } = await batchOnServer();
    const keys = ['sum'];
    const items = [1, 1, 2, 2].map((by) => counting('sum', by, { keys }));
    const answers = [...items, counting('other', 2)].map((item) => batch.run(item));
    expect(await Promise.all(answers)).toEqual([[1], [2], [4], [6], [2]]);
    const [, count, ...given] = calls.mock.calls[0] ?? [];
    expect(count).toBe(3);
    expect(given).toEqual([
      'sum',
      'sum',
      'other',
      '[false,["a:1",1,[1]],"a:1",["a:1",2,[2]],"a:1",["a:1",3,[2]]]',
    ]);
  });

  test('are asked in several calls where they are many', async () => {
    const { batch, calls } = await batchOnServer();
    const answers = Array.from({ length: 150 }, () => batch.run(counting('sum', 1)));
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 150 }, (_, at) => [at + 1]));
    expect(calls).toHaveBeenCalledTimes(3);
  });

  test('go to a server that does not know the script', async () => {
    const { batch, client } = await batchOnServer();
    await batch.run(counting('sum', 1));
    await client.script('FLUSH');
    expect(await Promise.all([1, 1].map((by) => batch.run(counting('sum', by))))).toEqual([[2], [3]]);
  });

  test('are taken along by a connection that ends in this turn', async () => {
    const { batch, client } = await batchOnServer();
    await batch.run(counting('sum', 1));
    const answer = batch.run(counting('sum', 1));
    await new Promise(setImmediate);
    await client.quit();
    expect(await answer).toEqual([2]);
  });
});

describe('what fails', () => {
  test('for one item fails for this one alone', async () => {
    const { batch, client } = await batchOnServer();
    await client.set('text', 'no number');
    const answers = ['a', 'text', 'b', 'a'].map((key) => batch.run(counting(key, 1)));
    answers.push(batch.run(counting('c', 1, { question: '[1,true]' })));
    expect(await Promise.allSettled(answers)).toEqual([
      { status: 'fulfilled', value: [1] },
      { status: 'rejected', reason: new Error('ERR value is not an integer or out of range') },
      { status: 'fulfilled', value: [1] },
      { status: 'fulfilled', value: [2] },
      {
        status: 'rejected',
        reason: expect.objectContaining({ message: expect.stringContaining('asked to fail') }),
      },
    ]);
  });

  test('for all items fails the call', async () => {
    const callBy = jest.fn<CallBy>((call) => call());
    const { batch, client } = await batchOnServer(undefined, callBy as CallBy);
    await client.set('text', 'no number');
    const answers = [1, 2].map((by) => batch.run(counting('text', by)));
    for (const { status } of await Promise.allSettled(answers)) expect(status).toBe('rejected');
    await expect(callBy.mock.results[0]?.value).rejects.toThrow('ERR value is not an integer');
  });

  test('in reading an answer fails for this item alone', async () => {
    const { batch } = await batchOnServer();
    const read = () => {
      throw new Error('unreadable');
    };
    const answers = [batch.run(counting('a', 1, { read })), batch.run(counting('a', 1))];
    expect(await Promise.allSettled(answers)).toEqual([
      { status: 'rejected', reason: new Error('unreadable') },
      { status: 'fulfilled', value: [2] },
    ]);
  });

  test('as a call fails for each of its items', async () => {
    const callBy = () => Promise.reject(new Error('given up'));
    const { batch, calls } = await batchOnServer(undefined, callBy);
    for (const answer of [1, 2].map((by) => batch.run(counting('a', by))))
      await expect(answer).rejects.toThrow('given up');
    expect(calls).not.toHaveBeenCalled();
  });
});

test('answers that come after the call was given up go to those who want to hear of them', async () => {
  const callBy: CallBy = async (call, onLate) => {
    onLate?.(await call());
    throw new Error('too late');
  };
  const { batch, client } = await batchOnServer(undefined, callBy);
  await client.set('text', 'no number');
  const onLate = jest.fn();
  const items = [
    counting('a', 1),
    counting('a', 1, { onLate }),
    counting('text', 1, { onLate }),
    counting('a', 1, { onLate }),
  ];
  const answers = items.map((item) => batch.run(item));
  for (const { status } of await Promise.allSettled(answers)) expect(status).toBe('rejected');
  expect(onLate.mock.calls).toEqual([[[2]], [[3]]]);
});

describe('keys that may not stand in one call', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.launch();
  }, 60_000);
  afterAll(() => cluster.stop());

  test('have calls of their own in a Cluster', async () => {
    const { batch, calls } = batchOn(cluster.client());
    const answers = ['a', 'b', 'c', 'a'].map((key) => batch.run(counting(key, 1)));
    expect(await Promise.all(answers)).toEqual([[1], [1], [1], [2]]);
    expect(calls).toHaveBeenCalledTimes(4);
  });

  test('have them also where a client does not know that its server is a cluster', async () => {
    const node = cluster.nodes[0]?.client() as Redis;
    const here = async (key: string) => (await node.cluster('KEYSLOT', key)) < 5000;
    const keys: string[] = [];
    for (let at = 0; keys.length < 2; at += 1) if (await here(`key-${at}`)) keys.push(`key-${at}`);
    const { batch, calls } = batchOn(node);
    const ask = () => Promise.all(keys.map((key) => batch.run(counting(key, 1))));
    expect(await ask()).toEqual([[1], [1]]);
    expect(calls).toHaveBeenCalledTimes(3);
    expect(await ask()).toEqual([[2], [2]]);
    expect(calls).toHaveBeenCalledTimes(5);
  });
});
