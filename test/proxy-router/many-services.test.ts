import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { routerOf } from './support.js';

/** The slow way that nobody can get wrong: of all prefixes on whole segments, the longest. */
function oracle(paths: readonly string[], path: string): string | undefined {
  return paths
    .filter((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

test('ten thousand services, nested at random, are each found by their longest prefix', () => {
  const random = numbers(7);
  const segment = (): string => `s${random.next().value % 12}`;
  const path = (most: number): string =>
    Array.from({ length: 1 + (random.next().value % most) }, () => `/${segment()}`).join('');
  const paths = new Set<string>();
  while (paths.size < 10_000) paths.add(path(6));
  const services = [...paths].map((at, index) => [at, { name: `n${index}`, targets: ['http://a'] }] as const);
  const router = routerOf({ services: Object.fromEntries(services) });
  const find = (url: string) => router.match({ url } as IncomingMessage)?.path;

  for (const [at] of services) expect(find(at)).toBe(at);
  for (let round = 0; round < 300; round++) {
    const url = path(8) + (round % 3 === 0 ? 'x' : '');
    expect([url, find(url)]).toEqual([url, oracle([...paths], url)]);
  }
});
