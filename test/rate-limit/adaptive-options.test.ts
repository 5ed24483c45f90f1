import { expect, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { type AdaptiveOptions, rateLimit } from 'gatewright/rate-limit';
import { RateLimiterMemory } from 'rate-limiter-flexible';

test.each<[AdaptiveOptions | Record<string, unknown>, string]>([
  [{ loads: true }, '`rateLimit.adaptive.loads`: unknown option. Did you mean `load`?'],
  [{ load: 'on' }, "`rateLimit.adaptive.load` must be a boolean or an object, got 'on'."],
  [{ load: { limit: 3 } }, '`rateLimit.adaptive.load.limit`: unknown option.'],
  [{ load: { minlimit: 3 } }, '`rateLimit.adaptive.load.minlimit`: unknown option. Did you mean `minLimit`?'],
  [{ load: { initialLimit: 0 } }, '`rateLimit.adaptive.load.initialLimit` must be greater than 0, got 0.'],
  [{ load: { minLimit: 1.5 } }, '`rateLimit.adaptive.load.minLimit` must be an integer, got 1.5.'],
  [{ load: { maxLimit: Number.NaN } }, '`rateLimit.adaptive.load.maxLimit` must be a number, got NaN.'],
  [
    { load: { minLimit: 30, maxLimit: 20 } },
    '`rateLimit.adaptive.load.minLimit` must not be more than `maxLimit`, got 30.',
  ],
  [
    { load: { initialLimit: 2, minLimit: 3 } },
    '`rateLimit.adaptive.load.initialLimit` must not be less than `minLimit` or more than `maxLimit`, got 2.',
  ],
  [{ load: { tolerance: 1 } }, '`rateLimit.adaptive.load.tolerance` must be at least 1.1, got 1.'],
  [{ load: { windowMs: 10 } }, '`rateLimit.adaptive.load.windowMs` must be at least 100, got 10.'],
  [{ load: { tiers: { free: 0 } } }, '`rateLimit.adaptive.load.tiers.free` must be greater than 0, got 0.'],
  [{ load: { tiers: { free: 1.1 } } }, '`rateLimit.adaptive.load.tiers.free` must be at most 1, got 1.1.'],
  [
    { load: { tiers: { system: 1 } } },
    '`rateLimit.adaptive.load.tiers` must not have `system`, which is never shed, got { system: 1 }.',
  ],
  [
    { load: { tiers: { premum: 1 } } },
    '`rateLimit.adaptive.load.tiers` must have tiers that there are, in `tiers` or by default, got { premum: 1 }.',
  ],
  [{ behaviour: { ratio: 0.5 } }, '`rateLimit.adaptive.behaviour.ratio` must be at least 1, got 0.5.'],
  [{ behaviour: { sigmas: -1 } }, '`rateLimit.adaptive.behaviour.sigmas` must be at least 0, got -1.'],
  [{ behaviour: { minFactor: 0 } }, '`rateLimit.adaptive.behaviour.minFactor` must be at least 0.01, got 0.'],
  [{ behaviour: { minFactor: 2 } }, '`rateLimit.adaptive.behaviour.minFactor` must be at most 1, got 2.'],
  [
    { behaviour: { historyIntervals: 5 } },
    '`rateLimit.adaptive.behaviour.historyIntervals` must not be less than `minIntervals`, got 5.',
  ],
  [
    { behaviour: { interval: 5 } },
    '`rateLimit.adaptive.behaviour.interval`: unknown option. Did you mean `intervalMs`?',
  ],
])('refuses %j', (adaptive, message) => {
  expect(() => rateLimit({ adaptive: adaptive as AdaptiveOptions })).toThrow(message);
});

test('refuses behaviour with a limiter that has limits of its own', () => {
  const limiter = new RateLimiterMemory({ points: 1, duration: 1 });
  expect(() => rateLimit({ limiter, adaptive: { behaviour: true } })).toThrow(
    '`rateLimit.adaptive.behaviour` must not be on with a `limiter`',
  );
  expect(() => rateLimit({ limiter, adaptive: { behaviour: false, load: true } })).not.toThrow();
});

test('takes one bound alone, a tier of the user, and leaves the options as they are', () => {
  const limitOf = (load: object) => rateLimit({ adaptive: { load } }).load()?.limit;
  expect([{ maxLimit: 3 }, { minLimit: 50 }, { initialLimit: 2 }, { maxLimit: 500 }].map(limitOf)).toEqual([
    3, 50, 2, 20,
  ]);
  const adaptive = Object.freeze({
    load: Object.freeze({ tiers: Object.freeze({ partner: 0.9 }) }),
    behaviour: true,
  });
  expect(() => rateLimit({ tiers: { partner: {} }, adaptive })).not.toThrow();
  const services = { '/a': 'http://localhost:1' };
  expect(() => createGateway({ services, rateLimit: { tiers: { partner: {} }, adaptive } })).not.toThrow();
  expect(adaptive.behaviour).toBe(true);
});
