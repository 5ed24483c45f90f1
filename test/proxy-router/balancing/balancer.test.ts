import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBalancer, type LoadBalancing } from '../../../src/proxy-router/balancer.js';
import { candidateSets, candidates, seededRandom } from './support.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const strategies: LoadBalancing[] = ['round-robin', 'least-connections', 'adaptive', 'consistent-hash'];

test.each(strategies)('%s chooses one of the candidates, whichever they are', (strategy) => {
  fc.assert(
    fc.property(candidateSets, fc.integer(), fc.option(fc.string()), (sets, seed, key) => {
      const balancer = createBalancer(strategy, seededRandom(seed));
      for (const set of sets) expect(set).toContain(balancer.choose(set, key ?? undefined));
    }),
  );
});

test.each(strategies)('%s leaves the candidates as they are', (strategy) => {
  const among = candidates(1, 2, 3).map((candidate) => Object.freeze(candidate));
  const frozen = Object.freeze(among);
  expect(() => createBalancer(strategy).choose(frozen, 'key')).not.toThrow();
});

test.each(strategies)('%s has only one choice of one target, and draws nothing for it', (strategy) => {
  function unexpected(): never {
    throw new Error('drawn');
  }
  const [only] = candidates(0.1);
  const balancer = createBalancer(strategy, unexpected);
  for (const key of [undefined, 'key']) expect(balancer.choose([only as never], key)).toBe(only);
});

test.each(strategies)('%s works with random numbers at both ends', (strategy) => {
  const among = candidates(1, 1, 1);
  for (const number of [0, 1 - Number.EPSILON / 2]) {
    expect(among).toContain(createBalancer(strategy, () => number).choose(among));
  }
});

test.each(strategies)('%s holds no state for targets that are gone', (strategy) => {
  const balancer = createBalancer(strategy, seededRandom(1));
  const before = heapUsed();
  for (let at = 0; at < 50_000; at++) {
    const [a, b] = candidates(1, 1);
    balancer.choose([{ ...a, id: `http://old-${at}` } as never, b as never], 'key');
  }
  expect(heapUsed() - before).toBeLessThan(2 * 1024 * 1024);
  expect(balancer).toBeDefined();
});
