import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBalancer } from '../../../src/proxy-router/balancer.js';
import { candidateSets, candidates, deviation, type Mutable, seededRandom, shares } from './support.js';

/** nginx's own way, in whole numbers, which needs a fixed set of targets. */
function nginx(weights: readonly number[], count: number): string {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const current = weights.map(() => 0);
  let turns = '';
  for (let turn = 0; turn < count; turn++) {
    weights.forEach((weight, at) => {
      current[at] = (current[at] ?? 0) + weight;
    });
    const best = current.indexOf(Math.max(...current));
    current[best] = (current[best] ?? 0) - total;
    turns += String.fromCharCode(97 + best);
  }
  return turns;
}

function turns(
  balancer: ReturnType<typeof createBalancer>,
  among: readonly Mutable[],
  count: number,
): string {
  return Array.from({ length: count }, () => balancer.choose(among).id).join('');
}

test('mixes weights smoothly', () => {
  expect(turns(createBalancer('round-robin'), candidates(5, 1, 1), 14)).toBe('aabacaaaabacaa');
});

test('takes the turns that nginx takes, for as long as nothing changes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const found = turns(createBalancer('round-robin'), candidates(...weights), 500);
      expect(found).toBe(nginx(weights, 500));
    }),
  );
});

test.each([[[1, 1, 1]], [[5, 1, 1]], [[1, 2, 3, 4]], [[0.1, 1, 1]], [[1000, 1, 10]]])(
  'gives targets of weights %j their shares',
  (weights) => {
    const among = candidates(...weights);
    expect(deviation(shares(createBalancer('round-robin'), among, 100_000), among)).toBeLessThan(0.0001);
  },
);

test('gives them their shares again as soon as the candidates have changed', () => {
  const balancer = createBalancer('round-robin');
  const [a, b, c, d] = candidates(5, 3, 1, 1) as [Mutable, Mutable, Mutable, Mutable];
  for (const among of [[a, b, c], [a, c], [a, b, c], [d, b], [d], [b, a], [a, b, c, d]]) {
    expect(deviation(shares(balancer, among, 1_000), among)).toBeLessThan(0.003);
  }
});

test('gives them their shares of the choices they are there for, when each is among others', () => {
  fc.assert(
    fc.property(candidateSets, (sets) => {
      const balancer = createBalancer('round-robin');
      const owed: Record<string, number> = {};
      for (const set of Array(40).fill(sets).flat() as Mutable[][]) {
        const total = set.reduce((sum, { weight }) => sum + weight, 0);
        for (const { id, weight } of set) owed[id] = (owed[id] ?? 0) + weight / total;
        const { id } = balancer.choose(set);
        owed[id] = (owed[id] ?? 0) - 1;
      }
      for (const difference of Object.values(owed)) expect(Math.abs(difference)).toBeLessThan(8);
    }),
    { numRuns: 50 },
  );
});

test('follows weights that change, as while a target is warmed up', () => {
  const balancer = createBalancer('round-robin');
  const among = candidates(100, 100, 100) as [Mutable, Mutable, Mutable];
  shares(balancer, among, 1_001);
  for (const weight of [1, 10, 50, 100]) {
    among[2].weight = weight;
    expect(deviation(shares(balancer, among, 1_000), among)).toBeLessThan(0.003);
  }
});

test('makes up for nothing when a target comes back', () => {
  const balancer = createBalancer('round-robin');
  const [a, b, c] = candidates(1, 1, 1) as [Mutable, Mutable, Mutable];
  for (let before = 0; before < 6; before++) {
    turns(balancer, [a, b, c], before);
    turns(balancer, [a, b], 10_001);
    expect(turns(balancer, [a, b, c], 9)).not.toMatch(/ccc|^[^c]{6}/);
  }
});

test('makes a new target wait for its share only, however many have gone before it', () => {
  const balancer = createBalancer('round-robin');
  const staying = candidates(1, 1, 1, 1);
  for (let generation = 0; generation < 1_000; generation++) {
    // Each leaves as soon as it has had a turn, and so owes most of one.
    const newcomer = { id: `new-${generation}`, weight: 1, outstanding: 0, latencyMs: 0 };
    let waited = 0;
    while (balancer.choose([...staying, newcomer]) !== newcomer) waited++;
    expect(waited).toBeLessThanOrEqual(5);
  }
});

test('gives targets their shares while they come and go at random', () => {
  const random = seededRandom(7);
  const balancer = createBalancer('round-robin');
  const among = candidates(4, 3, 2, 1);
  const due: Record<string, number> = {};
  const got: Record<string, number> = {};
  for (let turn = 0; turn < 100_000; turn++) {
    const set = among.filter(() => random() < 0.7);
    if (set.length === 0) continue;
    const total = set.reduce((sum, { weight }) => sum + weight, 0);
    for (const { id, weight } of set) due[id] = (due[id] ?? 0) + weight / total;
    const { id } = balancer.choose(set);
    got[id] = (got[id] ?? 0) + 1;
  }
  for (const { id } of among) expect(Math.abs((got[id] ?? 0) / (due[id] ?? 0) - 1)).toBeLessThan(0.01);
});
