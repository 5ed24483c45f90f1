import { describe, expect, test } from '@jest/globals';
import { sendRaw } from '../helpers.js';
import { forged, hs256, identityIn, invalid, refusalIn, tokenWith, withJwt } from './jwt-support.js';

const token = tokenWith();

test.each([`Bearer ${token}`, `bearer ${token}`, `BEARER ${token}`, `Bearer   ${token}  `])(
  'takes a token, however the scheme is written: %#',
  async (authorization) => {
    const { ask } = await withJwt(hs256);
    expect(identityIn(await ask(authorization)).id).toBe('alice');
  },
);

test('removes an accepted token from the request', async () => {
  const { present } = await withJwt(hs256);
  expect(JSON.parse((await present(token)).body).headers.authorization).toBeUndefined();
});

describe('is not a token of JWT form, and left to others', () => {
  const segments = token.split('.');

  test.each<[string, string]>([
    ['nothing', ''],
    ['a scheme alone', 'Bearer'],
    ['a scheme and a space', 'Bearer '],
    ['a token without a scheme', token],
    ['another scheme', `Basic ${token}`],
    ['two schemes', `Basic Bearer ${token}`],
    ['two tokens', `Bearer ${token}, Bearer ${token}`],
    ['two tokens and a space', `Bearer ${token} ${token}`],
    ['an opaque token', 'Bearer 2YotnFZFEjr1zCsicMWpAA'],
    ['an API key', 'Bearer gw_0123456789'],
    ['an API key with dots', 'Bearer gw_0123.4567.89'],
    ['two segments', `Bearer ${segments.slice(0, 2).join('.')}`],
    ['four segments', `Bearer ${token}.a`],
    ['a JWE', 'Bearer eyJhbGciOiJkaXIifQ..aaaa.bbbb.cccc'],
    ['an empty header', `Bearer .${segments[1]}.${segments[2]}`],
    ['an empty payload', `Bearer ${segments[0]}..${segments[2]}`],
    ['base64 with padding', `Bearer ${token}==`],
    ['base64 of the other alphabet', `Bearer ${token.slice(0, -1)}+`],
    ['percent-encoding', `Bearer ${token.replaceAll('.', '%2E')}`],
    ['quotes', `Bearer "${token}"`],
    ['latin-1', `Bearer ${token}\u00e9`],
    ['a tab for the space', `Bearer\t${token}`],
  ])('%s', async (_what, authorization) => {
    const { ask } = await withJwt(hs256);
    const answer = refusalIn(await ask(authorization));
    expect(answer.status).toBe(401);
    expect(answer.challenge).not.toContain('invalid_token');
  });
});

test('refuses characters beyond ASCII', async () => {
  const { url } = await withJwt(hs256);
  for (const junk of ['é', '‮', '\u0000', '𝒶']) {
    const bytes = Buffer.from(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${token}${junk}\r\n\r\n`,
    );
    expect(await sendRaw(Number(new URL(url).port), bytes)).toMatch(/^HTTP\/1\.1 40[01] /);
  }
});

describe('an oversized token', () => {
  const padded = (bytes: number) => {
    const empty = forged({ alg: 'HS256' }, { sub: 'alice', exp: 9_999_999_999, pad: '' }).length;
    return forged(
      { alg: 'HS256' },
      { sub: 'alice', exp: 9_999_999_999, pad: 'x'.repeat(Math.floor((bytes - empty) * 0.75)) },
    );
  };

  test('is refused, though it is genuine', async () => {
    const { present } = await withJwt(hs256);
    expect(refusalIn(await present(padded(8300)))).toEqual(invalid);
    expect(identityIn(await present(padded(8100))).id).toBe('alice');
  });

  test('is one of more than `maxTokenBytes`', async () => {
    const { present } = await withJwt({ ...hs256, maxTokenBytes: token.length });
    expect(identityIn(await present(token)).id).toBe('alice');
    expect(refusalIn(await present(tokenWith({ sub: 'alice2' })))).toEqual(invalid);
  });

  test('costs no time that grows faster than its length', async () => {
    const { ask } = await withJwt(hs256);
    const before = process.cpuUsage();
    for (const junk of [
      'a'.repeat(15_000),
      'a.'.repeat(7500),
      `${'a'.repeat(7000)}.${'a'.repeat(7000)}`,
      ' '.repeat(15_000),
    ]) {
      expect((await ask(`Bearer ${junk}!`)).status).toBe(401);
    }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
});

test('does not break on segments that are anything but a token', async () => {
  const { present } = await withJwt(hs256);
  const random = (length: number) =>
    Array.from({ length }, () => 'abcXYZ019-_'[Math.floor(Math.random() * 11)]).join('');
  for (let round = 0; round < 200; round += 1) {
    const junk = `${random(1 + (round % 50))}.${random(1 + ((round * 7) % 50))}.${random(round % 3 ? round : 0)}`;
    expect(refusalIn(await present(junk))).toEqual(invalid);
  }
});
