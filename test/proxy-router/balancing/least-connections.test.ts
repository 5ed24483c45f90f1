import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBalancer } from '../../../src/proxy-router/balancer.js';
import { candidateSets, candidates, deviation, type Mutable, seededRandom, shares } from './support.js';

test('chooses a target with the fewest outstanding requests for its weight', () => {
  fc.assert(
    fc.property(candidateSets, (sets) => {
      const balancer = createBalancer('least-connections');
      for (const set of sets) {
        const { outstanding, weight } = balancer.choose(set);
        expect(outstanding / weight).toBe(Math.min(...set.map((each) => each.outstanding / each.weight)));
      }
    }),
  );
});

test.each([[[1, 1, 1]], [[5, 1, 1]], [[2, 3, 0.5]]])(
  'lets idle targets of weights %j take turns',
  (weights) => {
    const among = candidates(...weights);
    expect(deviation(shares(createBalancer('least-connections'), among, 10_000), among)).toBeLessThan(0.001);
  },
);

test('lets equals take turns where others have more to do', () => {
  const among = candidates(1, 1, 1, 1);
  (among[1] as Mutable).outstanding = 5;
  const found = shares(createBalancer('least-connections'), among, 9_000);
  expect(found['b']).toBe(0);
  for (const id of 'acd') expect(found[id]).toBeCloseTo(1 / 3, 3);
});

test('keeps what is outstanding in proportion to weights', () => {
  const among = candidates(4, 2, 1, 1);
  const balancer = createBalancer('least-connections');
  for (let at = 0; at < 800; at++) balancer.choose(among).outstanding += 1;
  expect(among.map(({ outstanding }) => outstanding)).toEqual([400, 200, 100, 100]);
});

test('follows load: a target that takes five times as long gets a fifth of the requests', () => {
  const random = seededRandom(3);
  const among = candidates(1, 1, 1) as [Mutable, Mutable, Mutable];
  const balancer = createBalancer('least-connections');
  const got: Record<string, number> = { a: 0, b: 0, c: 0 };
  let endings: { at: number; target: Mutable }[] = [];
  for (let now = 0; now < 20_000; now++) {
    for (const { target } of endings.filter(({ at }) => at <= now)) target.outstanding -= 1;
    endings = endings.filter(({ at }) => at > now);
    const target = balancer.choose(among);
    target.outstanding += 1;
    got[target.id] = (got[target.id] ?? 0) + 1;
    endings.push({ at: now + (target.id === 'c' ? 500 : 100) * (0.5 + random()), target });
  }
  expect((got['c'] ?? 0) / (got['a'] ?? 0)).toBeCloseTo(1 / 5, 1);
  expect((got['b'] ?? 0) / (got['a'] ?? 0)).toBeCloseTo(1, 1);
});
