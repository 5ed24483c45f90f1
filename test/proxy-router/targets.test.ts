import { expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { gateway, upstream } from './support.js';

/** Upstreams of these weights, and who answers this many requests, one after the other. */
async function turns(weights: readonly number[], count: number): Promise<string> {
  const names = [...'abcdef'];
  const targets = await Promise.all(
    weights.map(async (weight, at) => ({
      url: (await upstream((_req, res) => res.end(names[at]))).url,
      weight,
    })),
  );
  const { url } = await gateway({ services: { '/': { targets } } });
  let answers = '';
  for (let turn = 0; turn < count; turn++) answers += (await send(url, '/')).body;
  return answers;
}

test('targets take turns', async () => {
  expect(await turns([1, 1, 1], 7)).toBe('abcabca');
});

test('weights are shares, smoothly mixed', async () => {
  expect(await turns([5, 1, 1], 14)).toBe('aabacaaaabacaa');
});

test('one target takes all', async () => {
  expect(await turns([3], 3)).toBe('aaa');
});

test('targets of a service take turns by themselves, whatever other services do', async () => {
  const [a, b] = await Promise.all(['a', 'b'].map((name) => upstream((_req, res) => res.end(name))));
  const targets = [a?.url ?? '', b?.url ?? ''];
  const { url } = await gateway({ services: { '/x': { targets }, '/y': { targets } } });
  const answers: string[] = [];
  for (const path of ['/x', '/y', '/x', '/y']) answers.push((await send(url, path)).body);
  expect(answers.join('')).toBe('aabb');
});
