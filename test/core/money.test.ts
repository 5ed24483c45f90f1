import { expect, test } from '@jest/globals';
import { toDollars, toMicros } from '../../src/core/money.js';

test('adds a million small costs up exactly', () => {
  let micros = 0;
  for (let at = 0; at < 1_000_000; at += 1) micros += toMicros(0.0001);
  expect(toDollars(micros)).toBe(100);
});

test.each([
  [0.000_001, 1],
  [0.002, 2000],
  [1.1, 1_100_000],
  [0.000_000_4, 0],
  [0.000_000_6, 1],
])('%d dollars are %d micro-dollars', (dollars, micros) => {
  expect(toMicros(dollars)).toBe(micros);
});
