import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanup } from '../helpers.js';
import { deliver, edited, keys, refusalOf, signed, withSignatures } from './signature-support.js';

const malformed = [401, 'Malformed signature'];

describe('huge fields', () => {
  test.each([8193, 65_536, 1_000_000])('of %i characters: malformed, at once', async (length) => {
    const guard = withSignatures({ keys });
    const server = createServer({ maxHeaderSize: 2_000_000 }, (req, res) => guard(req, res, () => res.end()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const before = process.cpuUsage();
    for (const [name, filler] of [
      ['Signature-Input', ';a="'],
      ['Signature-Input', '('],
      ['Signature', 'a,'],
    ] as const) {
      const sent = edited(signed(url), name, (all) => all + filler.repeat(length / filler.length));
      expect(refusalOf(await deliver(url, sent))).toEqual(malformed);
    }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  });
});

describe('whatever the fields hold', () => {
  const pieces = fc.constantFrom(
    ...[
      'sig1',
      '=',
      '(',
      ')',
      '"',
      '@method',
      '@path',
      '@query-param',
      'name',
      'sf',
      'key',
      'bs',
      ';',
      ',',
      ' ',
      ':',
      'AAAA',
    ],
    ...[
      'created',
      'keyid',
      'alice',
      'nonce',
      'expires',
      'alg',
      '1750000000',
      '?1',
      '@',
      '%"',
      '\\',
      '-',
      '.',
      '*',
      '0',
    ],
  );
  const soup = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
  const text = fc.string({ unit: 'binary-ascii' });
  const names = [
    '@method',
    '@path',
    '@query',
    '@query-param',
    '@status',
    'host',
    'x-dict',
    'x-list',
    'X-Dict',
    '',
  ];
  const name = fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[ !#-Z^-~]{0,9}$/));
  const values = [
    '',
    '="a"',
    '="b c"',
    '=1',
    '=-0',
    '=1.5',
    '=:AA==:',
    '=@1',
    '=@-99',
    '=%"%c3%a9"',
    '=?0',
    '=tok/en',
  ];
  const parameter = fc
    .tuple(fc.constantFrom('name', 'key', 'sf', 'bs', 'tr', 'req', 'x'), fc.constantFrom(...values))
    .map(([key, value]) => `;${key}${value}`);
  const parameters = fc.array(parameter, { maxLength: 3 }).map((all) => all.join(''));
  const item = fc.tuple(name, parameters).map(([is, has]) => `"${is}"${has}`);
  /** What parses, and is about as it should be. */
  const near = fc.tuple(fc.array(item, { maxLength: 5 }), parameters).map(([items, more]) => {
    const created = Math.floor(Date.now() / 1000);
    return `sig1=("@method" ${items.join(' ')});created=${created};keyid="alice";nonce="n"${more}`;
  });
  const fields = fc.oneof(text, soup, { arbitrary: near, weight: 3 });

  test('there is a verdict, and it is not to let in', async () => {
    const guard = withSignatures({ keys, requiredComponents: ['@method'] });
    await fc.assert(
      fc.asyncProperty(
        fields,
        fc.oneof(fields, { arbitrary: fc.constant('sig1=:AAAA:'), weight: 9 }),
        async (inputField, signature) => {
          const dict = { 'x-dict': 'a=1, b=(2 3);x' };
          const headers = { 'signature-input': inputField, signature, host: 'a', 'x-list': '1, 2', ...dict };
          const req = {
            method: 'GET',
            url: '/?a=b',
            headers,
            rawHeaders: Object.entries(headers).flat(),
            socket: {},
          };
          const status = await new Promise((resolve) => {
            const res = { setHeader() {}, on() {}, writeHead: resolve, end() {} };
            guard(req as unknown as IncomingMessage, res as never, () => resolve('let in'));
          });
          expect(status).toBe(401);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
