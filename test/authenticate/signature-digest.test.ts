import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentDigestOf, matchesDigest, readContentDigest } from '../../src/authenticate/content-digest.js';
import { readDictionary } from '../../src/authenticate/structured-dictionary.js';

/** The body of RFC 9530's examples; a line feed ends it. */
const hello = Buffer.from('{"hello": "world"}\n');

const sha256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:';
const sha512 =
  'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:';

/** By brotli, as the erratum 8890 to RFC 9530 corrects it. */
const compressed = Buffer.from('0b09807b2268656c6c6f223a2022776f726c64227d0a03', 'hex');

function isDigestOf(field: string, body: Buffer): boolean {
  const digests = readContentDigest(field);
  return digests.length > 0 && matchesDigest(digests, body);
}

describe('the vectors of RFC 9530 and RFC 9421', () => {
  test.each([
    ['RFC 9530, section 2', sha512, hello],
    ['RFC 9530, appendix B.1', sha256, hello],
    [
      'RFC 9530, appendix B.2, no content',
      'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
      Buffer.alloc(0),
    ],
    [
      'RFC 9530, appendix B.3, a part',
      'sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:',
      Buffer.from('"world"}\n'),
    ],
    ['RFC 9530, appendix B.4, coded', 'sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:', compressed],
    [
      'RFC 9421, appendix B.2',
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
      hello.subarray(0, -1),
    ],
  ])('%s', (_name, field, body) => expect(isDigestOf(field, body)).toBe(true));

  test('what is digested is the content as it is coded', () => {
    expect(brotliDecompressSync(compressed)).toEqual(hello);
    expect(isDigestOf(sha256, compressed)).toBe(false);
  });
});

describe('Content-Digest', () => {
  test('is made by SHA-256', () => {
    expect(contentDigestOf(hello)).toBe(sha256);
    expect(contentDigestOf('caf\u00e9')).toBe(contentDigestOf(Buffer.from('caf\u00e9')));
  });

  test('must be right in every algorithm that counts', () => {
    const wrong = contentDigestOf('something else');
    expect(isDigestOf(`${sha256}, ${sha512}`, hello)).toBe(true);
    expect(isDigestOf(`${wrong}, ${sha512}`, hello)).toBe(false);
    expect(isDigestOf(`${sha512}, ${wrong}`, hello)).toBe(false);
  });

  test('may have algorithms besides that do not count', () => {
    expect(isDigestOf(`md5=:AAAA:, ${sha256}, unixsum=:AA==:, crc32c, x="y"`, hello)).toBe(true);
  });

  test.each([
    ['', 'empty'],
    ['md5=:XrY7u+Ae7tCTyyK7j1rNww==:', 'broken algorithms alone'],
    ['SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:', 'a name that no dictionary can have'],
    ['SHA-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=', 'the obsolete Digest'],
    [sha256.replaceAll(':', '"'), 'a string'],
    ['sha-256', 'a switch'],
    ['sha-256=(:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:)', 'a list'],
    [`${sha256}, ${sha256}`, 'a member twice'],
    [`${sha256},`, 'a comma too many'],
    ['sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP==', 'half of it'],
    ['constructor=:AAAA:, __proto__=:AAAA:, toString=:AAAA:', 'names that every object has'],
  ])('%s: %s', (field) => expect(readContentDigest(field)).toEqual([]));

  test.each([
    ['sha-256=::', 'empty'],
    ['sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabA==:', 'too short'],
    ['sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDgA:', 'too long'],
    [`sha-512=${sha256.slice(8)}`, 'of another algorithm'],
  ])('%s: %s, is no match', (field) => {
    expect(readContentDigest(field)).toHaveLength(1);
    expect(isDigestOf(field, hello)).toBe(false);
  });

  test('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uint8Array(),
        (field, body) => isDigestOf(field, Buffer.from(body)) === false,
      ),
    );
    const pieces = fc.constantFrom(
      'sha-256',
      'sha-512',
      '=',
      ':',
      ',',
      ' ',
      ';',
      '(',
      ')',
      '"',
      '\\',
      '?1',
      'AAAA',
      '@1',
    );
    const fields = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(fc.property(fields, (field) => isDigestOf(field, hello) === false));
  });
});

describe('a dictionary', () => {
  test.each([
    'a=1, a=2',
    'a, b, a',
    'a=(1 2), a=(3)',
    'a="x, y", a',
    'a=:AA==:, b, a=:AA==:',
    'a;x=1, a;x=2',
  ])('%s, that has a member twice, is none', (field) => expect(readDictionary(field)).toBeUndefined());

  test.each([
    ['', 0],
    ['a', 1],
    ['a="x, y", b="\\", c"', 2],
    ['a=("x, y" "z)");p="q, r", b=%"s, t"', 2],
    ['a=%"\\", b=%"\\"', 2],
    ['a=1,b=2 ,\tc=3', 3],
  ])('%s has %i', (field, size) => expect(readDictionary(field)?.size).toBe(size));
});
