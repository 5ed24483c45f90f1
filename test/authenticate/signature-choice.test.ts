import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { deliver, edited, guarded, keys, refusalOf, type Signed, signed } from './signature-support.js';

const malformed = [401, 'Malformed signature'];
const input = (sent: Signed) => sent.headers['Signature-Input'] as string;
const value = (sent: Signed) => sent.headers['Signature'] as string;

describe('several signatures', () => {
  /** Two on one request: `sig1` of alice’s, and `proxy` of bob’s. */
  function both(url: string): Signed {
    const own = signed(url);
    const other = signed(url, '/', { keyId: 'bob', secret: keys.bob.secret, label: 'proxy', tag: 'edge' });
    const headers = {
      'Signature-Input': `${input(own)}, ${input(other)}`,
      Signature: `${value(own)}, ${value(other)}`,
    };
    return { ...own, headers };
  }

  test.each([
    [{}, undefined],
    [{ label: 'sig1' }, 'alice'],
    [{ label: 'proxy' }, 'bob'],
    [{ label: 'sig2' }, undefined],
    [{ tag: 'edge' }, 'bob'],
    [{ tag: 'elsewhere' }, undefined],
    [{ label: 'proxy', tag: 'edge' }, 'bob'],
    [{ label: 'sig1', tag: 'edge' }, undefined],
  ])('%j: %s', async (options, who) => {
    const { url } = await guarded(options);
    const answer = await deliver(url, both(url));
    if (who === undefined) expect(refusalOf(answer)).toEqual(malformed);
    else expect([answer.status, JSON.parse(answer.body).identity.id]).toEqual([200, who]);
  });

  test('one that is asked for and wrong is not made good by another', async () => {
    const { url } = await guarded({ label: 'proxy' });
    const sent = edited(both(url), 'Signature', (all) => all.replace(/proxy=:../, 'proxy=:AA'));
    expect(refusalOf(await deliver(url, sent))).toEqual([401, 'Invalid signature']);
  });

  test('on two lines of each field', async () => {
    const { url } = await guarded({ label: 'sig1' });
    const { 'Signature-Input': inputs = '', Signature: values = '' } = both(url).headers;
    const headers = { 'Signature-Input': inputs.split(', '), Signature: values.split(', ') };
    expect(await send(url, '/', { headers })).toMatchObject({ status: 200 });
  });
});
