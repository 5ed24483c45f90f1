import { describe, expect, test } from '@jest/globals';
import { type Answer, mounts, send, serve } from '../helpers.js';
import {
  deliver,
  guarded,
  keys,
  refusalOf,
  secret,
  signed,
  signRequest,
  tell,
  withSignatures,
} from './signature-support.js';

function seen(answer: Answer) {
  expect(answer).toMatchObject({ status: 200 });
  return JSON.parse(answer.body);
}

describe.each(mounts)('a signed request, on %s', (_name, mount) => {
  test('is its key’s', async () => {
    const { url } = await serve(mount(withSignatures({ keys }), tell));
    const got = seen(await deliver(url, signed(url, '/a/b?c=d&e')));
    expect(got.identity).toEqual({
      id: 'alice',
      method: 'hmac',
      tier: 'premium',
      permissions: ['kgot:query'],
      metadata: { team: 'red' },
    });
  });

  test('has its body, and its signature no more', async () => {
    const { url } = await serve(mount(withSignatures({ keys }), tell));
    const sent = signed(url, '/', { body: '{"a":"é"}', headers: { 'Content-Type': 'application/json' } });
    const got = seen(await deliver(url, sent));
    expect(got.body).toBe('{"a":"é"}');
    expect(got.headers).toMatchObject({ 'content-digest': sent.headers['Content-Digest'] });
    expect(Object.keys(got.headers)).not.toEqual(expect.arrayContaining(['signature']));
    expect(Object.keys(got.headers)).not.toEqual(expect.arrayContaining(['signature-input']));
  });
});

describe('a signed request', () => {
  test('of a key without more has the defaults', async () => {
    const { url } = await guarded();
    const sent = signed(url, '/', { keyId: 'bob', secret: keys.bob.secret });
    expect(seen(await deliver(url, sent)).identity).toEqual({
      id: 'bob',
      method: 'hmac',
      tier: 'free',
      permissions: [],
      metadata: {},
    });
  });

  test('below a mount point of Express is judged by what was sent', async () => {
    const { default: express } = await import('express');
    const { url } = await serve(
      express().use('/v1', withSignatures({ keys }), (req, res) => void tell(req, res)),
    );
    expect(await deliver(url, signed(url, '/v1/models?x=1'))).toMatchObject({ status: 200 });
    const moved = signed(url, '/models?x=1');
    expect(refusalOf(await deliver(url, { ...moved, path: '/v1/models?x=1' }))).toEqual([
      401,
      'Invalid signature',
    ]);
  });

  test.each(['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])('%s', async (method) => {
    const { url } = await guarded();
    expect(await deliver(url, signed(url, '/', { method }))).toMatchObject({ status: 200 });
  });

  test.each(['/', '/?', '/a%2Fb/%C3%A9', '/a?b=c#d', '/*', '/a//b', '/?a=1&a=2', '/%00', "/it's?~=(x)"])(
    'for %s',
    async (path) => {
      const { url } = await guarded();
      const sent = signed(url, path);
      const target = new URL(url + path);
      expect(await send(url, target.pathname + target.search, sent)).toMatchObject({ status: 200 });
    },
  );

  test('by fetch', async () => {
    const { url } = await guarded();
    const body = JSON.stringify({ prompt: 'ü' });
    const given = { method: 'post', url: new URL('/chat?stream=1', url), body };
    const headers = new Headers({ 'Content-Type': 'application/json' });
    const components = ['Content-Type'];
    const added = signRequest({ ...given, headers, components, keyId: 'alice', secret });
    for (const [name, value] of Object.entries(added)) headers.set(name, value);
    const answer = await fetch(given.url, { method: 'post', headers, body });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ body, identity: { id: 'alice' } });
  });
});

describe('without a signature', () => {
  test('nobody is known', async () => {
    const { url } = await guarded();
    expect(refusalOf(await send(url, '/'))).toEqual([401, 'Credentials are required']);
  });

  test('`Signature` alone is none', async () => {
    const { url } = await guarded();
    const { Signature = '' } = signed(url).headers;
    expect(refusalOf(await send(url, '/', { headers: { Signature } }))).toEqual([
      401,
      'Credentials are required',
    ]);
  });

  test('`Signature-Input` alone is a wrong one, and is told how to ask', async () => {
    const { url } = await guarded();
    const { 'Signature-Input': input = '' } = signed(url).headers;
    const answer = await send(url, '/', { headers: { 'Signature-Input': input } });
    expect(refusalOf(answer)).toEqual([401, 'Malformed signature']);
    expect(answer.headers['www-authenticate']).toBe('Signature realm="gateway"');
  });
});

describe('keys that a function finds', () => {
  test('at once or later, for each request anew', async () => {
    const found: Record<string, { secret: string; tier?: string }> = { alice: { secret } };
    const { url } = await guarded({ keys: async (id) => found[id] });
    expect(seen(await deliver(url, signed(url))).identity).toMatchObject({ id: 'alice', tier: 'free' });
    found['alice'] = { secret, tier: 'basic' };
    expect(seen(await deliver(url, signed(url))).identity).toMatchObject({ tier: 'basic' });
    found['alice'] = { secret: secret.toUpperCase() };
    expect(refusalOf(await deliver(url, signed(url)))).toEqual([401, 'Invalid signature']);
    delete found['alice'];
    expect(refusalOf(await deliver(url, signed(url)))).toEqual([401, 'Invalid signature']);
  });

  test('one key for several ids is several identities', async () => {
    const shared = { secret };
    const { url } = await guarded({ keys: () => shared });
    for (const keyId of ['one', 'two', 'one']) {
      expect(seen(await deliver(url, signed(url, '/', { keyId }))).identity).toMatchObject({ id: keyId });
    }
  });

  test('that can’t be found now: 503', async () => {
    for (const keys of [
      () => Promise.reject(new Error('down')),
      () => {
        throw new Error('down');
      },
    ]) {
      const { url } = await guarded({ keys });
      const answer = await deliver(url, signed(url));
      expect([answer.status, JSON.parse(answer.body)]).toEqual([
        503,
        { error: 'Service temporarily unavailable', service: 'authentication' },
      ]);
    }
  });

  test('that are too short: 500, and nobody is let in', async () => {
    const { url } = await guarded({ keys: () => ({ secret: 'short' }) });
    const answer = await deliver(url, signed(url));
    expect([answer.status, answer.body]).toEqual([500, '{"error":"Internal server error"}']);
  });
});
