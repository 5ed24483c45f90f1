import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBalancer } from '../../../src/proxy-router/balancer.js';
import { candidateSets, candidates, deviation, type Mutable, seededRandom, shares } from './support.js';

const KEYS = Array.from({ length: 20_000 }, (_, at) => `key:user-${at}`);

/** Whose each key is, while nothing is outstanding. */
function owners(among: readonly Mutable[]): string[] {
  const balancer = createBalancer('consistent-hash');
  return KEYS.map((key) => balancer.choose(among, key).id);
}

test.each([[[1, 1, 1]], [[5, 1, 1]], [[1, 2, 3, 4]], [Array<number>(20).fill(1)], [[0.1, 1, 1]]])(
  'gives targets of weights %j their shares of the keys',
  (weights) => {
    const among = candidates(...weights);
    const found = shares(createBalancer('consistent-hash'), among, KEYS.length, (at) => KEYS[at] ?? '');
    expect(deviation(found, among)).toBeLessThan(0.01);
  },
);

test('gives addresses and ids of targets that differ little their shares, too', () => {
  const among = candidates(1, 1, 1, 1).map((each, at) => ({ ...each, id: `http://10.0.0.${at}:8080` }));
  const addresses = (at: number) => `ip:10.0.${at >> 8}.${at & 255}`;
  expect(deviation(shares(createBalancer('consistent-hash'), among, 20_000, addresses), among)).toBeLessThan(
    0.01,
  );
});

test('moves only the keys of a target that leaves, and to each of the others alike', () => {
  const among = candidates(1, 1, 1, 1, 1);
  const before = owners(among);
  for (const gone of among) {
    const after = owners(among.filter((each) => each !== gone));
    const moved = after.filter((_, at) => before[at] === gone.id);
    expect(after.filter((owner, at) => owner !== before[at])).toHaveLength(moved.length);
    expect(moved.length / KEYS.length).toBeLessThan(1 / 5 + 0.01);
    for (const { id } of among.filter((each) => each !== gone)) {
      expect(moved.filter((owner) => owner === id).length / moved.length).toBeCloseTo(1 / 4, 1);
    }
  }
});

test('moves keys only to a target whose weight rises', () => {
  const among = candidates(1, 1, 0.1) as [Mutable, Mutable, Mutable];
  const before = owners(among);
  among[2].weight = 1;
  const moved = owners(among).filter((owner, at) => owner !== before[at]);
  expect(new Set(moved)).toEqual(new Set(['c']));
  expect(moved.length / KEYS.length).toBeCloseTo(1 / 3 - 0.1 / 2.1, 2);
});

test('agrees with other processes, and goes by ids rather than by places', () => {
  const among = candidates(1, 2, 3, 1);
  expect(owners([...among].reverse()).join('')).toBe(owners(among).join(''));
  expect(
    owners(candidates(1, 1, 1))
      .slice(0, 16)
      .join(''),
  ).toBe('cacabbcbacbaacac');
});

test('passes over a target with more than its share, for the next in the ranking of the key', () => {
  const among = candidates(1, 1, 1);
  const balancer = createBalancer('consistent-hash');
  const ranking: Mutable[] = [];
  while (ranking.length < 3) {
    ranking.push(
      balancer.choose(
        among.filter((each) => !ranking.includes(each)),
        'a key',
      ),
    );
  }
  const [first, second, third] = ranking as [Mutable, Mutable, Mutable];
  // With 20 of 24, a target may have ceil(1.25 * 25 / 3) = 11.
  [first.outstanding, second.outstanding, third.outstanding] = [10, 7, 7];
  expect(balancer.choose(among, 'a key')).toBe(first);
  [first.outstanding, second.outstanding, third.outstanding] = [11, 7, 6];
  expect(balancer.choose(among, 'a key')).toBe(second);
  [first.outstanding, second.outstanding, third.outstanding] = [11, 11, 2];
  expect(balancer.choose(among, 'a key')).toBe(third);
  [first.outstanding, second.outstanding, third.outstanding] = [0, 0, 0];
  expect(balancer.choose(among, 'a key')).toBe(first);
});

test('never lets a target have more than 1.25 times its share, rounded up', () => {
  fc.assert(
    fc.property(candidateSets, fc.string(), (sets, key) => {
      const balancer = createBalancer('consistent-hash');
      for (const set of sets.filter(({ length }) => length > 1)) {
        const { outstanding, weight } = balancer.choose(set, key);
        const all = set.reduce((sum, each) => sum + each.outstanding, 1);
        const share = (all * weight) / set.reduce((sum, each) => sum + each.weight, 0);
        expect(outstanding + 1).toBeLessThanOrEqual(Math.ceil(1.25 * share * (1 + 1e-12)));
      }
    }),
  );
});

test('holds the bound when all ask with one key, as requests come and go', () => {
  const random = seededRandom(11);
  const among = candidates(3, 2, 1, 1);
  const balancer = createBalancer('consistent-hash');
  const running: Mutable[] = [];
  for (let turn = 0; turn < 5_000; turn++) {
    if (random() < running.length / 100) {
      const [done] = running.splice(Math.floor(random() * running.length), 1) as [Mutable];
      done.outstanding -= 1;
      continue;
    }
    const target = balancer.choose(among, 'hot');
    target.outstanding += 1;
    running.push(target);
    expect(target.outstanding).toBeLessThanOrEqual(Math.ceil((1.25 * running.length * target.weight) / 7));
  }
});

test('lets requests without a key take turns', () => {
  const among = candidates(2, 1, 1);
  expect(deviation(shares(createBalancer('consistent-hash'), among, 4_000), among)).toBeLessThan(0.001);
});
