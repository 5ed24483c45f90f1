import { expect, test } from '@jest/globals';
import { createBalancer, type LoadBalancing } from '../../../src/proxy-router/balancer.js';
import { quantile, type Server, shareOf, simulate } from './simulation.js';
import { candidates, deviation, type Mutable, seededRandom, shares } from './support.js';

const fast: Server = { concurrency: 4, serviceMs: () => 20 };

function run(strategy: LoadBalancing, servers: readonly Server[], perSecond: number, seed: number) {
  const balancer = createBalancer(strategy, seededRandom(seed + 1));
  return simulate({ balancer, servers, perSecond, durationMs: 60_000, random: seededRandom(seed) });
}

test.each([1, 2, 3])('beats round-robin at p99 with one slow target (seed %i)', (seed) => {
  for (const serviceMs of [60, 200]) {
    const servers = [fast, fast, fast, fast, { ...fast, serviceMs: () => serviceMs }];
    const adaptive = quantile(run('adaptive', servers, 300, seed), 0.99);
    const roundRobin = quantile(run('round-robin', servers, 300, seed), 0.99);
    expect(adaptive).toBeLessThan(roundRobin / 1.5);
  }
});

test('leaves a target alone while it is slow, and comes back when it is not', () => {
  const stalls: Server = { ...fast, serviceMs: (now) => (now > 10_000 && now < 20_000 ? 1_000 : 20) };
  const served = run('adaptive', [fast, fast, stalls], 200, 5);
  const between = (from: number, to: number) =>
    served.filter(({ arrivedAt }) => arrivedAt >= from && arrivedAt < to);
  expect(shareOf(2, between(0, 10_000))).toBeCloseTo(1 / 3, 1);
  expect(shareOf(2, between(10_500, 20_000))).toBeLessThan(0.02);
  expect(shareOf(2, between(50_000, 60_000))).toBeCloseTo(1 / 3, 1);
});

test('gives equal targets equal shares under load, and larger ones more', () => {
  const equal = run('adaptive', [fast, fast, fast], 300, 6);
  for (const server of [0, 1, 2]) expect(shareOf(server, equal)).toBeCloseTo(1 / 3, 1);
  const large: Server = { weight: 4, concurrency: 16, serviceMs: () => 20 };
  const mixed = run('adaptive', [large, fast, fast, fast, fast], 1_000, 7);
  expect(Math.abs(shareOf(0, mixed) - 1 / 2)).toBeLessThan(0.1);
});

test('does not overload many small targets beside two large ones', () => {
  const large: Server = { weight: 10, concurrency: 10, serviceMs: () => 20 };
  const small: Server = { concurrency: 1, serviceMs: () => 20 };
  const servers = [large, large, ...Array<Server>(8).fill(small)];
  // 80 % of what all of them can take.
  expect(quantile(run('adaptive', servers, 1_120, 8), 0.99)).toBeLessThan(300);
});

test('lets no new target be stormed before its first answer', () => {
  const among = candidates(1, 1, 1, 1) as [Mutable, Mutable, Mutable, Mutable];
  const [newcomer, ...others] = among;
  for (const other of others) Object.assign(other, { latencyMs: 200, outstanding: 5 });
  const balancer = createBalancer('adaptive', seededRandom(9));
  for (let at = 0; at < 200; at++) balancer.choose(among).outstanding += 1;
  expect(newcomer.outstanding).toBeGreaterThan(40);
  expect(newcomer.outstanding).toBeLessThan(60);
});

test('takes the one of two targets where the request is likely to be done first', () => {
  const among = candidates(1, 1) as [Mutable, Mutable];
  const [a, b] = among;
  const balancer = createBalancer('adaptive', seededRandom(1));
  const chosen = () => new Set(Array.from({ length: 50 }, () => balancer.choose(among)));
  Object.assign(a, { latencyMs: 30, outstanding: 1 });
  Object.assign(b, { latencyMs: 50, outstanding: 0 });
  expect(chosen()).toEqual(new Set([b]));
  b.outstanding = 1;
  expect(chosen()).toEqual(new Set([a]));
  b.weight = 2;
  expect(chosen()).toEqual(new Set([b]));
  // Not heard from: what is outstanding decides.
  Object.assign(b, { weight: 1, latencyMs: 0 });
  expect(chosen()).toEqual(new Set([a, b]));
  b.outstanding = 2;
  expect(chosen()).toEqual(new Set([a]));
});

test('draws idle targets that nobody has heard from alike', () => {
  const among = candidates(1, 1, 1, 1);
  expect(deviation(shares(createBalancer('adaptive', seededRandom(2)), among, 100_000), among)).toBeLessThan(
    0.01,
  );
});
