import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import type { GatewayContext, Identity } from '../../../src/core/context.js';
import { subjectOf } from '../../../src/core/subject.js';
import { type HashBy, hashKeyOf } from '../../../src/proxy-router/hash-key.js';

function keyOf(by: HashBy, headers: IncomingHttpHeaders, context: Partial<GatewayContext> = {}) {
  const req = { headers } as IncomingMessage;
  const clientIp = '192.0.2.1';
  const subject = subjectOf(context.identity, clientIp);
  return hashKeyOf(by)(req, { clientIp, subject, ...context } as GatewayContext);
}

const identity: Identity = { id: 'alice', method: 'api-key', tier: 'free', permissions: [], metadata: {} };

test('goes by who asks', () => {
  expect(keyOf('identity', {}, { identity })).toBe('key:alice');
  expect(keyOf('identity', {}, { identity: { ...identity, method: 'jwt', issuer: 'https://issuer' } })).toBe(
    'jwt:https://issuer:alice',
  );
});

test.each([undefined, { ...identity, method: 'anonymous' as const }])(
  'goes by the address where there is no identity',
  (nobody) => {
    expect(keyOf('identity', {}, { identity: nobody })).toBe('ip:192.0.2.1');
  },
);

test('goes by the address whoever asks', () => {
  expect(keyOf('address', {}, { identity })).toBe('192.0.2.1');
  expect(keyOf('address', {}, { clientIp: '' })).toBeUndefined();
});

test('goes by a header field, in any case', () => {
  expect(keyOf({ header: 'X-Session' }, { 'x-session': 'abc' })).toBe('abc');
  expect(keyOf({ header: 'x-session' }, {})).toBeUndefined();
  expect(keyOf({ header: 'x-session' }, { 'x-session': '' })).toBeUndefined();
});

test.each<[string, string | undefined]>([
  ['sid=abc', 'abc'],
  ['other=1; sid=abc; last=2', 'abc'],
  ['other=1;sid=abc', 'abc'],
  ['sid=first; sid=second', 'first'],
  ['sid=a=b==', 'a=b=='],
  ['sid="quoted"', '"quoted"'],
  ['sid=%61', '%61'],
  ['xsid=1', undefined],
  ['sidx=1', undefined],
  ['SID=1', undefined],
  ['other=sid=1', undefined],
  ['sid', undefined],
  ['sid=', undefined],
  ['', undefined],
  [';;=;', undefined],
])('finds in the cookies %j the value %j', (cookie, value) => {
  expect(keyOf({ cookie: 'sid' }, { cookie })).toBe(value);
});

test('finds no cookie where none was sent', () => {
  expect(keyOf({ cookie: 'sid' }, {})).toBeUndefined();
});

test('goes by the first 1,024 characters of a long value', () => {
  const start = 'x'.repeat(1024);
  expect(keyOf({ header: 'x-session' }, { 'x-session': `${start}tail` })).toBe(start);
  expect(keyOf({ cookie: 'sid' }, { cookie: `sid=${start}tail` })).toBe(start);
});
