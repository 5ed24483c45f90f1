import { expect, test } from '@jest/globals';
import { isAmbiguousPath, isBelow, pathOf } from '../../src/core/path.js';

test.each([
  ['a dot segment', '/a/./b'],
  ['two dots', '/a/../b'],
  ['two dots at the end', '/a/..'],
  ['encoded dots', '/a/%2e%2e/b'],
  ['one dot encoded, in upper case', '/a/.%2E/b'],
  ['the other dot encoded', '/a/%2e./b'],
  ['one encoded dot', '/a/%2e/b'],
  ['dots before an encoded slash', '/a/..%2fb'],
  ['dots after an encoded slash', '/a%2F../b'],
  ['dots between encoded slashes', '/a%2f%2e%2e%2fb'],
  ['dots with a parameter', '/a/..;/b'],
  ['dots with an encoded parameter', '/a/..%3Bx=1/b'],
  ['a back slash', '/a\\..\\b'],
  ['an encoded back slash', '/a/%5C/b'],
  ['an encoded back slash in lower case', '/a%5cb'],
  ['an encoded NUL', '/a%00b'],
  ['an encoded line feed', '/a%0Ab'],
  ['an encoded escape', '/a%1bb'],
  ['an encoded delete', '/a%7Fb'],
  ['a control character', '/a\x01b'],
  ['a tab', '/a\tb'],
  ['a space', '/a b'],
  ['a fragment', '/a#b'],
  ['a character outside ASCII', '/caf\xe9'],
  ['the absolute form', 'http://example.com/a'],
  ['the asterisk form', '*'],
  ['the authority form', 'example.com:443'],
  ['nothing', ''],
])('can be read in two ways: %s', (_what, path) => {
  expect(isAmbiguousPath(path)).toBe(true);
});

test.each([
  ['the root', '/'],
  ['an encoded slash', '/a/%2F/b'],
  ['three dots', '/a/...'],
  ['a name that begins with a dot', '/a/.well-known/x'],
  ['a name that begins with two dots', '/a/..b'],
  ['dots inside a name', '/a/b..c'],
  ['a name that ends with dots', '/a/b..'],
  ['empty segments', '//'],
  ['encoded UTF-8', '/caf%C3%A9'],
  ['an encoded space', '/a%20b'],
  ['a parameter', '/a;x=1/b'],
  ['an encoded per cent sign', '/100%25'],
])('can be read in one way: %s', (_what, path) => {
  expect(isAmbiguousPath(path)).toBe(false);
});

test.each([
  ['/api/kgot', '/api/kgot', true],
  ['/api/kgot/', '/api/kgot', true],
  ['/api/kgot/x', '/api/kgot', true],
  ['/api/kgotx', '/api/kgot', false],
  ['/api/kgot%2Fx', '/api/kgot', false],
  ['/api', '/api/kgot', false],
  ['/API/kgot', '/api/kgot', false],
  ['/v1/api/kgot', '/api/kgot', false],
  ['/anything', '/', true],
  ['/', '/', true],
  ['*', '/', false],
])('%s is below %s: %s', (path, prefix, below) => {
  expect(isBelow(path, prefix)).toBe(below);
});

test('ends a path at the query', () => {
  expect(pathOf('/a?b=/../c?d')).toBe('/a');
  expect(pathOf('/a')).toBe('/a');
});
