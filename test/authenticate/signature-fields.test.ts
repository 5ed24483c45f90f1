import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { deliver, edited, guarded, refusalOf, type Signed, signed } from './signature-support.js';

const malformed = [401, 'Malformed signature'];
const input = (sent: Signed) => sent.headers['Signature-Input'] as string;

describe('`Signature-Input`', () => {
  test.each([
    ['empty', () => ''],
    ['a space', () => ' '],
    ['no dictionary', () => 'sig1=('],
    ['no inner list', () => 'sig1="x"'],
    ['a switch', () => 'sig1'],
    ['a label in upper case', (all: string) => all.replace('sig1', 'Sig1')],
    ['a comma too many', (all: string) => `${all},`],
    ['words', () => 'keyId="alice",algorithm="hmac-sha256",headers="(request-target) date"'],
    ['brackets that do not close', (all: string) => all.replace(')', '')],
    ['a string that does not close', (all: string) => all.replace(/"$/, '')],
    ['characters beyond ASCII', (all: string) => all.replace('alice', 'al\u00efce')],
    ['no keyid', (all: string) => all.replace(';keyid="alice"', '')],
    ['a keyid that is no string', (all: string) => all.replace('"alice"', 'alice')],
    ['an empty keyid', (all: string) => all.replace('"alice"', '""')],
    ['a keyid that is too long', (all: string) => all.replace('alice', 'a'.repeat(257))],
    ['an algorithm that is no string', (all: string) => all.replace('"hmac-sha256"', 'hmac-sha256')],
    ['the label twice', (all: string) => `${all}, ${all}`],
    ['65 components', (all: string) => all.replace(')', `${' "x-a"'.repeat(61)})`)],
  ])('%s: malformed', async (_name, change) => {
    const { url } = await guarded();
    expect(refusalOf(await deliver(url, edited(signed(url), 'Signature-Input', change)))).toEqual(malformed);
  });

  test.each(['hmac-sha512', 'rsa-v1_5-sha256', 'none', 'HMAC-SHA256', 'ed25519'])(
    'the algorithm %s: refused',
    async (alg) => {
      const { url } = await guarded();
      const sent = edited(signed(url), 'Signature-Input', (all) => all.replace('hmac-sha256', alg));
      expect(refusalOf(await deliver(url, sent))).toEqual([401, 'Signature algorithm must be hmac-sha256']);
    },
  );

  test('twice, with one label: malformed', async () => {
    const { url } = await guarded();
    const sent = signed(url);
    const other = input(signed(url, '/other'));
    for (const both of [
      [input(sent), input(sent)],
      [input(sent), other],
      [other, input(sent)],
    ]) {
      const headers = { ...sent.headers, 'Signature-Input': both };
      expect(refusalOf(await send(url, '/', { headers }))).toEqual(malformed);
    }
  });

  test('with what may be between its parts, and other parameters: as good', async () => {
    const { url } = await guarded();
    const spaced = edited(
      signed(url),
      'Signature-Input',
      (all) => ` ${all.replaceAll('" "', '"   "').replace('(', '( ')}  `,
    );
    expect(await deliver(url, spaced)).toMatchObject({ status: 200 });
    expect(await deliver(url, signed(url, '/', { tag: 'an "app"\\' }))).toMatchObject({ status: 200 });
  });
});

describe('`Signature`', () => {
  test.each([
    ['empty', () => ''],
    ['of another label', (all: string) => all.replace('sig1', 'sig2')],
    ['a string', (all: string) => all.replaceAll(':', '"')],
    ['a list', (all: string) => all.replace(/=(.*)/, '=($1)')],
    ['not in Base64', () => 'sig1=:****:'],
    ['twice', (all: string) => `${all}, ${all}`],
    ['no dictionary', () => ':AAAA:'],
  ])('%s: malformed', async (_name, change) => {
    const { url } = await guarded();
    expect(refusalOf(await deliver(url, edited(signed(url), 'Signature', change)))).toEqual(malformed);
  });

  test('of labels that nobody asked for: ignored', async () => {
    const { url } = await guarded();
    const sent = edited(signed(url), 'Signature', (all) => `other=:AAAA:, ${all}`);
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
  });
});
