import { describe, expect, test } from '@jest/globals';
import { deliver, guarded, refusalOf, setClock, signed } from './signature-support.js';

const now = 1_750_000_000;

/** What becomes of a signature of this time, when it is the other. */
async function judged(at: number, request: { created: number; expires?: number }, maxSkewSeconds?: number) {
  const { url } = await guarded({ maxSkewSeconds });
  const sent = signed(url, '/', request);
  setClock(at);
  const answer = await deliver(url, sent);
  return answer.status === 200 ? 'accepted' : refusalOf(answer)[1];
}

describe('a signature’s age', () => {
  test.each([
    [0, 'accepted'],
    [299, 'accepted'],
    [300, 'accepted'],
    [300.001, 'Signature expired'],
    [301, 'Signature expired'],
    [86_400, 'Signature expired'],
    [-299, 'accepted'],
    [-300, 'accepted'],
    [-300.001, 'Signature not yet valid'],
    [-301, 'Signature not yet valid'],
    [-86_400, 'Signature not yet valid'],
  ])('of %d seconds: %s', async (age, verdict) => {
    expect(await judged(now + age, { created: now })).toBe(verdict);
  });

  test.each([
    [1, 'accepted'],
    [1.5, 'Signature expired'],
    [-1, 'accepted'],
    [-1.5, 'Signature not yet valid'],
  ])('of %d seconds, where one may be amiss: %s', async (age, verdict) => {
    expect(await judged(now + age, { created: now }, 1)).toBe(verdict);
  });
});

describe('`expires`', () => {
  test.each([
    [now + 59, 'accepted'],
    [now + 59.999, 'accepted'],
    [now + 60, 'Signature expired'],
    [now + 61, 'Signature expired'],
  ])('is honoured at %d: %s', async (at, verdict) => {
    expect(await judged(at, { created: now, expires: now + 60 })).toBe(verdict);
  });

  test('lengthens nothing', async () => {
    expect(await judged(now + 301, { created: now, expires: now + 3600 })).toBe('Signature expired');
  });

  test('before its creation is over', async () => {
    expect(await judged(now, { created: now, expires: now - 1 })).toBe('Signature expired');
  });
});

describe('times that are none', () => {
  test.each([
    'created="1750000000"',
    'created=1750000000.5',
    'created=@1750000000',
    'created=?1',
    'created',
    'created=9999999999999999',
    'created=(1)',
    'x=1',
    'created=1750000000;expires="1750000060"',
    'created=1750000000;expires',
    'created=1750000000;expires=@1750000060',
  ])('%s: malformed', async (parameter) => {
    setClock(now);
    const { url } = await guarded();
    const sent = signed(url);
    const input = String(sent.headers['Signature-Input']).replace(/created=\d+/, parameter);
    const answer = await deliver(url, { ...sent, headers: { ...sent.headers, 'Signature-Input': input } });
    expect(refusalOf(answer)).toEqual([401, 'Malformed signature']);
  });

  test('a creation of -999999999999999 or 999999999999999: refused', async () => {
    for (const created of [-999_999_999_999_999, 999_999_999_999_999, 0]) {
      const { url } = await guarded();
      const sent = signed(url);
      const input = String(sent.headers['Signature-Input']).replace(/created=\d+/, `created=${created}`);
      const answer = await deliver(url, { ...sent, headers: { ...sent.headers, 'Signature-Input': input } });
      expect(answer.status).toBe(401);
    }
  });
});
