import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type Answer, send } from '../helpers.js';
import { guarded, refusalOf, type SignatureOptions, secret } from './signature-support.js';

const fields = { Date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'X-Dict': 'a=1,  b=2' };

/** A request signed by hand: these components, with these values. */
async function sign(lines: [string, string][], options: Partial<SignatureOptions> = {}): Promise<Answer> {
  const { url } = await guarded(options);
  const created = Math.floor(Date.now() / 1000);
  const input = `(${lines.map(([component]) => component).join(' ')});created=${created};keyid="alice";nonce="n"`;
  const named = lines.map(
    ([component, value]) => `${component}: ${value.replace('HOST', new URL(url).host)}\n`,
  );
  const base = `${named.join('')}"@signature-params": ${input}`;
  const signature = createHmac('sha256', secret).update(base).digest('base64');
  const headers = { ...fields, 'Signature-Input': `s=${input}`, Signature: `s=:${signature}:` };
  return send(url, '/a?b=c', { headers });
}

const method: [string, string] = ['"@method"', 'GET'];
const authority: [string, string] = ['"@authority"', 'HOST'];
const path: [string, string] = ['"@path"', '/a'];
const query: [string, string] = ['"@query"', '?b=c'];
const targetUri: [string, string] = ['"@target-uri"', 'http://HOST/a?b=c'];
const requestTarget: [string, string] = ['"@request-target"', '/a?b=c'];
const scheme: [string, string] = ['"@scheme"', 'http'];

describe('what is required by default', () => {
  test.each([
    ['each by itself', [method, authority, path, query]],
    ['in another order', [query, path, authority, method]],
    ['with @target-uri', [method, targetUri]],
    ['with @request-target', [method, authority, requestTarget]],
    ['and more', [method, targetUri, scheme, path, ['"date"', fields.Date]]],
    [
      'and parts',
      [
        method,
        targetUri,
        ['"@query-param";name="b"', 'c'],
        ['"x-dict";key="b"', '2'],
        ['"x-dict";sf', 'a=1, b=2'],
      ],
    ],
  ] as [string, [string, string][]][])('%s: accepted', async (_name, lines) => {
    expect(await sign(lines)).toMatchObject({ status: 200 });
  });

  test.each([
    ['nothing', [], '@method'],
    ['no method', [authority, path, query], '@method'],
    ['no host', [method, path, query], '@authority'],
    ['no path', [method, authority, query], '@path'],
    ['no query', [method, authority, path], '@query'],
    ['one parameter of the query', [method, authority, path, ['"@query-param";name="b"', 'c']], '@query'],
    ['the field of the host alone', [method, path, query, ['"host"', 'HOST']], '@authority'],
  ] as [string, [string, string][], string][])('%s: too little', async (_name, lines, missing) => {
    expect(refusalOf(await sign(lines))).toEqual([401, `Signature must cover ${missing}`]);
  });
});

describe('`requiredComponents`', () => {
  test.each([
    [['@method'], [method], undefined],
    [['Date'], [['"date"', fields.Date]], undefined],
    [['date'], [['"date";bs', `:${Buffer.from(fields.Date).toString('base64')}:`]], undefined],
    [['date'], [method, targetUri], 'date'],
    [['x-dict'], [['"x-dict";key="a"', '1']], 'x-dict'],
    [['x-dict'], [['"x-dict";sf', 'a=1, b=2']], undefined],
    [['@target-uri'], [scheme, authority, path, query], undefined],
    [['@target-uri'], [authority, path, query], '@scheme'],
    [['@request-target'], [path, query], undefined],
    [['content-digest'], [method, targetUri], 'content-digest'],
  ] as [string[], [string, string][], string | undefined][])(
    '%j, of %j: %s',
    async (requiredComponents, lines, missing) => {
      const answer = await sign(lines, { requiredComponents });
      if (missing === undefined) expect(answer).toMatchObject({ status: 200 });
      else expect(refusalOf(answer)).toEqual([401, `Signature must cover ${missing}`]);
    },
  );
});

test.each([
  ['what is not there', [method, targetUri, ['"x-none"', '']]],
  ['what is of responses', [method, targetUri, ['"@status"', '200']]],
  ['what nobody knows', [method, targetUri, ['"@client"', 'x']]],
  ['something twice', [method, targetUri, method]],
  ['trailers', [method, targetUri, ['"date";tr', fields.Date]]],
] as [string, [string, string][]][])('%s can’t be signed', async (_name, lines) => {
  expect(refusalOf(await sign(lines))).toEqual([401, 'Signature covers what the request does not have']);
});
