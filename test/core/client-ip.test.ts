import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { analytics, authenticate, ConfigError, rateLimit, type TrustProxy } from 'gatewright';
import { compileTrustProxy } from '../../src/core/client-ip.js';
import { contextOf } from '../../src/core/context.js';
import { send, serve } from '../helpers.js';

/** The address that is read of a request from this peer with this `X-Forwarded-For`. */
function clientIp(trustProxy: TrustProxy | undefined, peer: string, forwardedFor?: string): string {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const req = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return compileTrustProxy(trustProxy).of(req);
}

test.each<[string, TrustProxy | undefined, string]>([
  ['left out', undefined, '10.0.0.2'],
  ['false', false, '10.0.0.2'],
  ['no hops', 0, '10.0.0.2'],
  ['one hop', 1, '10.0.0.1'],
  ['two hops', 2, '203.0.113.9'],
  ['more hops than there are', 9, '198.51.100.1'],
  ['true', true, '198.51.100.1'],
  ['an address', '10.0.0.2', '10.0.0.1'],
  ['a subnet', '10.0.0.0/8', '203.0.113.9'],
  ['a list', ['10.0.0.2', '10.0.0.1'], '203.0.113.9'],
  ['a name for the private networks', 'uniquelocal', '203.0.113.9'],
  ['others than the peer', 'loopback', '10.0.0.2'],
  ['an empty list', [], '10.0.0.2'],
  ['a function of the address', (address) => address.startsWith('10.'), '203.0.113.9'],
  ['a function of the distance', (_address, hop) => hop < 1, '10.0.0.1'],
])('trustProxy: %s', (_form, trustProxy, expected) => {
  expect(clientIp(trustProxy, '10.0.0.2', '198.51.100.1, 203.0.113.9, 10.0.0.1')).toBe(expected);
});

test.each([
  ['no field', undefined],
  ['an empty field', ''],
  ['a name', 'unknown'],
  ['markup', '<script>alert(1)</script>'],
  ['a number too large', '999.1.1.1'],
  ['an address with a port', '203.0.113.9:1234'],
  ['garbage before the nearest address', 'garbage'],
])('gives the peer for %s', (_what, forwardedFor) => {
  expect(clientIp('loopback', '127.0.0.1', forwardedFor)).toBe('127.0.0.1');
});

test('gives an IPv4-mapped address as IPv4, of peer and client alike', () => {
  expect(clientIp(undefined, '::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(clientIp('192.0.2.1', '::ffff:192.0.2.1', '::ffff:203.0.113.9')).toBe('203.0.113.9');
});

test('gives IPv6 addresses as they are', () => {
  expect(clientIp(1, '::1', '2001:db8::7')).toBe('2001:db8::7');
});

test('says whether the peer is believed', () => {
  const req = { socket: { remoteAddress: '127.0.0.1' }, headers: {} } as unknown as IncomingMessage;
  expect(compileTrustProxy('loopback').trustsPeer(req)).toBe(true);
  expect(compileTrustProxy('10.0.0.0/8').trustsPeer(req)).toBe(false);
  expect(compileTrustProxy(undefined).trustsPeer(req)).toBe(false);
});

test('a spoofed X-Forwarded-For changes nothing without trust', async () => {
  const { url } = await serve((req, res) => analytics()(req, res, () => res.end(req.gateway?.clientIp)));
  const { body } = await send(url, '/', {
    headers: { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=1.2.3.4' },
  });
  expect(body).toBe('127.0.0.1');
});

test('takes the address from a trusted proxy over a real connection', async () => {
  const addresses = compileTrustProxy('loopback');
  const { url } = await serve((req, res) => res.end(contextOf(req, res, addresses).clientIp));
  const { body } = await send(url, '/', { headers: { 'X-Forwarded-For': '192.0.2.66, 203.0.113.9' } });
  expect(body).toBe('203.0.113.9');
});

test.each<[string, unknown]>([
  ['a name that is unknown', 'localnet'],
  ['an address that is none', '999.1.1.1'],
  ['a subnet that is too long', '10.0.0.0/64'],
  ['a negative number of hops', -1],
  ['a fraction of hops', 1.5],
  ['an object', {}],
  ['a list with something else', [1]],
])('refuses %s when the factory is called', (_what, trustProxy) => {
  const options = { trustProxy } as { trustProxy: TrustProxy };
  expect(() => authenticate(options)).toThrow(ConfigError);
  expect(() => rateLimit(options)).toThrow(/trustProxy/);
});
