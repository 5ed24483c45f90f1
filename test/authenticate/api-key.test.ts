import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generateApiKey, hashApiKey, isWellFormedApiKey } from '../../src/authenticate/api-key.js';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const key = generateApiKey();

const replaced = (at: number, character: string) => key.slice(0, at) + character + key.slice(at + 1);

test('makes keys that are well-formed and all different', () => {
  const keys = Array.from({ length: 1000 }, generateApiKey);
  for (const made of keys) {
    expect(made).toMatch(/^gw_[0-9A-Za-z]{49}$/);
    expect(isWellFormedApiKey(made)).toBe(true);
  }
  expect(new Set(keys).size).toBe(1000);
});

test('refuses every key with one character changed', () => {
  const accepted = [...key].flatMap((original, at) =>
    [...alphabet, '_', '-', ' ', 'é']
      .filter((character) => character !== original)
      .map((character) => replaced(at, character))
      .filter(isWellFormedApiKey),
  );
  expect(accepted).toEqual([]);
});

test('refuses a key with two neighbours exchanged', () => {
  for (let at = 3; at < key.length - 1; at += 1) {
    const swapped = replaced(at, key.charAt(at + 1)).slice(0, at + 1) + key.charAt(at) + key.slice(at + 2);
    if (swapped !== key) expect(isWellFormedApiKey(swapped)).toBe(false);
  }
});

test.each([
  ['too short', key.slice(0, -1)],
  ['too long', `${key}0`],
  ['in front of something', `${key}\n`],
  ['behind something', ` ${key}`],
  ['without its prefix', key.slice(3)],
  ['with its prefix in upper case', key.replace('gw_', 'GW_')],
  ['empty', ''],
])('refuses a key that is %s', (_what, candidate) => {
  expect(isWellFormedApiKey(candidate)).toBe(false);
});

test('judges any string without throwing, and accepts none that was not made', () => {
  const likeAKey = fc.stringMatching(/^gw_[0-9A-Za-z]{49}$/);
  const anything = fc.string({ unit: 'binary', maxLength: 100 });
  fc.assert(
    fc.property(
      fc.oneof(
        likeAKey,
        anything,
        anything.map((rest) => `gw_${rest}`),
      ),
      (candidate) => {
        expect(isWellFormedApiKey(candidate)).toBe(false);
      },
    ),
    { numRuns: 2000 },
  );
});

test('stores SHA-256 in hexadecimal', () => {
  expect(hashApiKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
