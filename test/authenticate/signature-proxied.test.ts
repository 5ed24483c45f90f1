import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { gateway, type Seen, upstream } from '../proxy-router/support.js';
import { deliver, edited, inPieces, keys, refusalOf, signed, withSignatures } from './signature-support.js';

/** A gateway that lets signed requests through to an upstream that keeps what it gets. */
async function guardedGateway(hmac = {}) {
  const { url: target, seen } = await upstream();
  const { url } = await gateway({ services: { '/api': target } }, withSignatures({ keys, ...hmac }));
  return { url, seen };
}

const bytesOf = (seen: Seen | undefined) => Buffer.from(seen?.body ?? '', 'latin1');

describe('a signed request through the proxy', () => {
  test('goes on without its signature, and with who has sent it', async () => {
    const { url, seen } = await guardedGateway();
    expect(await deliver(url, signed(url, '/api/chat?a=b%20c'))).toMatchObject({ status: 200 });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/chat?a=b%20c' });
    expect(seen[0]?.headers).toMatchObject({
      'x-gateway-subject': 'hmac:alice',
      'x-gateway-tier': 'premium',
    });
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.startsWith('signature'))).toEqual([]);
  });

  test.each([
    ['text', Buffer.from('{"a":"é"}')],
    ['every byte there is', Buffer.from(Array.from({ length: 256 }, (_none, at) => at))],
    ['a megabyte', Buffer.alloc(1_048_576, 'm')],
    ['nothing', Buffer.alloc(0)],
  ])('takes its body along: %s, with a length and without', async (_name, body) => {
    const { url, seen } = await guardedGateway();
    const sent = signed(url, '/api', { body });
    expect(await deliver(url, sent)).toMatchObject({ status: 200 });
    const chunked = signed(url, '/api', { body });
    expect(await inPieces(`${url}/api`, chunked.headers, [body])).toMatchObject({ status: 200 });
    expect(seen.map((each) => bytesOf(each).equals(body))).toEqual([true, true]);
    for (const each of seen) {
      expect(each.headers['content-digest']).toBe(sent.headers['Content-Digest']);
    }
  });

  test('that is refused never gets there', async () => {
    const { url, seen } = await guardedGateway({ maxBodyBytes: 100 });
    const tampered = { ...signed(url, '/api', { body: 'ten dollars' }), body: '99 dollars!' };
    expect(refusalOf(await deliver(url, tampered))).toEqual([401, 'Body does not match Content-Digest']);
    expect(await deliver(url, signed(url, '/api', { body: 'x'.repeat(101) }))).toMatchObject({ status: 413 });
    const wrong = edited(signed(url, '/api'), 'Signature', () => 'sig1=:AAAA:');
    expect(refusalOf(await deliver(url, wrong))).toEqual([401, 'Invalid signature']);
    expect(seen).toEqual([]);
  });

  test('after another on the same connection, many times at once', async () => {
    const { url, seen } = await guardedGateway();
    const bodies = Array.from({ length: 40 }, (_none, at) => Buffer.alloc(50_000, `${at} `));
    const answers = await Promise.all(
      bodies.map((body) => {
        const { method, headers } = signed(url, '/api', { body });
        return fetch(`${url}/api`, { method, headers, body });
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    await Promise.all(answers.map((answer) => answer.text()));
    const got = seen.map((each) => bytesOf(each).toString()).sort();
    expect(got).toEqual(bodies.map(String).sort());
  });
});

test('a coded body arrives as it was coded, and says so', async () => {
  const { url, seen } = await guardedGateway();
  const body = gzipSync('{"a":1}');
  const headers = { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' };
  expect(await deliver(url, signed(url, '/api', { body, headers }))).toMatchObject({ status: 200 });
  expect(bytesOf(seen[0]).equals(body)).toBe(true);
  expect(seen[0]?.headers['content-encoding']).toBe('gzip');
});
