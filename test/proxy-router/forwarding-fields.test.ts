import { describe, expect, test } from '@jest/globals';
import type { ProxyRouterOptions } from 'gatewright/proxy-router';
import { send, serve } from '../helpers.js';
import { gateway, routerOf, upstream } from './support.js';

/** The header fields that reach an upstream for those that a client sends. */
async function forwarded(trustProxy: ProxyRouterOptions['trustProxy'], headers: Record<string, string> = {}) {
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url }, trustProxy });
  await send(at, '/', { headers: { Host: 'shop.example', ...headers } });
  return seen[0]?.headers ?? {};
}

/** What a proxy in front says, or a client makes up. */
const said = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'front.example',
  'X-Forwarded-Port': '443',
  'X-Forwarded-Prefix': '/shop',
  X_Forwarded_For: '203.0.113.8',
  Forwarded: 'for=203.0.113.7;proto=https',
  Via: '1.1 front',
};

test('are written from the connection', async () => {
  expect(await forwarded(undefined)).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example',
    forwarded: 'for=127.0.0.1;host="shop.example";proto=http',
    via: '1.1 gatewright',
  });
});

describe.each([
  ['nobody', undefined],
  ['nobody, said explicitly', false],
  ['somebody else', '192.0.2.0/24'],
])('where the gateway trusts %s', (_who, trustProxy) => {
  test('are not taken over from a client that makes them up', async () => {
    const headers = await forwarded(trustProxy, said);
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      forwarded: 'for=127.0.0.1;host="shop.example";proto=http',
      'x-gateway-subject': 'ip:127.0.0.1',
    });
    const names = Object.keys(headers).filter((name) => /^x[-_]forwarded[-_]/.test(name));
    expect(names.sort()).toEqual(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);
  });

  test('the proxies on the way here are kept in Via all the same', async () => {
    expect((await forwarded(trustProxy, said))['via']).toBe('1.1 front, 1.1 gatewright');
  });
});

test.each([[true], ['loopback'], [1], [['127.0.0.1']], [(address: string) => address === '127.0.0.1']])(
  'are taken over from a trusted proxy, and this hop is added: %p',
  async (trustProxy) => {
    expect(await forwarded(trustProxy, said)).toMatchObject({
      'x-forwarded-for': '203.0.113.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'front.example',
      'x-forwarded-port': '443',
      'x-forwarded-prefix': '/shop',
      forwarded: 'for=203.0.113.7;proto=https, for=127.0.0.1;host="shop.example";proto=http',
      via: '1.1 front, 1.1 gatewright',
      'x-gateway-subject': 'ip:203.0.113.7',
    });
  },
);

test('are not taken over in a spelling that a trusted proxy has passed on unread', async () => {
  const headers = await forwarded(true, { X_Forwarded_For: '203.0.113.8', 'X-Forwarded_Proto': 'https' });
  expect(headers).not.toHaveProperty('x_forwarded_for');
  expect(headers).not.toHaveProperty('x-forwarded_proto');
});

test('are written for a trusted proxy that says nothing', async () => {
  expect(await forwarded(true)).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example',
  });
});

test('a host that could end its quotes is refused', async () => {
  const { url, seen } = await upstream();
  const { url: at } = await gateway({ services: { '/': url } });
  const answer = await send(at, '/', { headers: { Host: 'a";for=1.2.3.4;x="\\' } });
  expect([answer.status, seen]).toEqual([400, []]);
});

/** The header fields that reach an upstream for a connection that has these properties. */
async function forwardedFrom(connection: Record<string, unknown>) {
  const { url, seen } = await upstream();
  const router = routerOf({ services: { '/': url } });
  const { url: at } = await serve((req, res) => {
    for (const [name, value] of Object.entries(connection))
      Object.defineProperty(req.socket, name, { value });
    router(req, res, () => undefined);
  });
  await send(at, '/');
  return seen[0]?.headers ?? {};
}

test('an IPv4 client of a dual-stack server has its IPv4 address', async () => {
  expect(await forwardedFrom({ remoteAddress: '::ffff:192.0.2.9' })).toMatchObject({
    'x-forwarded-for': '192.0.2.9',
    forwarded: expect.stringMatching(/^for=192\.0\.2\.9;/),
    'x-gateway-subject': 'ip:192.0.2.9',
  });
});

test('an IPv6 client is bracketed and quoted in Forwarded', async () => {
  expect(await forwardedFrom({ remoteAddress: '2001:db8::9' })).toMatchObject({
    'x-forwarded-for': '2001:db8::9',
    forwarded: expect.stringMatching(/^for="\[2001:db8::9\]";/),
  });
});

test('a client on TLS is said to be', async () => {
  expect(await forwardedFrom({ encrypted: true })).toMatchObject({
    'x-forwarded-proto': 'https',
    forwarded: expect.stringMatching(/;proto=https$/),
  });
});

test('a client whose address is not known, as on a Unix socket, is said to be unknown', async () => {
  expect(await forwardedFrom({ remoteAddress: undefined })).toMatchObject({
    'x-forwarded-for': 'unknown',
    forwarded: expect.stringMatching(/^for=unknown;/),
  });
});
