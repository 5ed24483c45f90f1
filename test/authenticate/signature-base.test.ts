import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type InnerList, type Item, parseItem, parseList, serializeInnerList } from 'structured-headers';
import { signatureBase } from '../../src/authenticate/signature-base.js';
import { message } from './signature-messages.js';

const digest =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';

/** The test request of RFC 9421, appendix B.2. */
const request = message('https://example.com/foo?param=Value&Pet=dog', {
  host: 'example.com',
  date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'content-type': 'application/json',
  'content-digest': digest,
  'content-length': '18',
});

function baseOf(input: string): string | undefined {
  const list = parseList(input)[0] as InnerList;
  return signatureBase(request, list[0], serializeInnerList(list))?.toString('latin1');
}

describe('the vectors of RFC 9421, appendix B.2', () => {
  test('B.2.5: hmac-sha256', () => {
    const input = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
    const base = [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      `"@signature-params": ${input}`,
    ].join('\n');
    expect(baseOf(input)).toBe(base);
    const secret = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
    const mac = createHmac('sha256', Buffer.from(secret, 'base64')).update(base).digest('base64');
    expect(mac).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
  });

  test.each([
    ['B.2.1', '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"', []],
    [
      'B.2.2',
      '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
      ['"@authority": example.com', `"content-digest": ${digest}`, '"@query-param";name="Pet": dog'],
    ],
    [
      'B.2.3',
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@query": ?param=Value&Pet=dog',
        '"@authority": example.com',
        '"content-type": application/json',
        `"content-digest": ${digest}`,
        '"content-length": 18',
      ],
    ],
    [
      'B.2.6',
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
      ],
    ],
  ])('%s', (_name, input, lines) => {
    expect(baseOf(input)).toBe([...lines, `"@signature-params": ${input}`].join('\n'));
  });
});

describe('signatureBase', () => {
  const inner = (...items: string[]) => items.map((item) => parseItem(item) as Item);

  test.each([
    ['a component that is not there', ['"x"']],
    ['a component twice', ['"date"', '"date"']],
    [
      'a component twice, its parameters in another order',
      ['"content-digest";sf;key="sha-512"', '"content-digest";key="sha-512";sf'],
    ],
  ])('refuses %s', (_name, items) => expect(signatureBase(request, inner(...items), '()')).toBeUndefined());

  test('takes one component with other parameters', () => {
    const base = signatureBase(request, inner('"content-digest"', '"content-digest";bs'), '()');
    expect(String(base).split('\n')).toHaveLength(3);
  });

  test('refuses a value with a line break in it, or a character that no field can have', () => {
    const odd = message('http://a/', {
      first: 'a\rb',
      second: 'a\u0000b',
      third: 'a\u0100b',
      fourth: 'caf\u00e9',
    });
    for (const name of ['first', 'second', 'third'])
      expect(signatureBase(odd, inner(`"${name}"`), '()')).toBeUndefined();
    expect(signatureBase(odd, inner('"fourth"'), '()')).toEqual(
      Buffer.from('"fourth": caf\u00e9\n"@signature-params": ()', 'latin1'),
    );
  });
});
