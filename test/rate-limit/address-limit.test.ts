import { describe, expect, test } from '@jest/globals';
import { type AddressLimitOptions, addressLimit } from 'gatewright/rate-limit';
import { gatewayOf, upstream } from '../gateway/support.js';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';
import { eventually, keysWithExpiry } from '../redis-support.js';
import { traffic } from '../redis-traffic.js';

async function limitedByAddress(options: AddressLimitOptions) {
  const limit = addressLimit(options);
  cleanup(() => limit.close());
  return serve((req, res) => limit(req, res, () => res.end('ok')));
}

async function statusesOf(urls: readonly string[], headers: Record<string, string> = {}): Promise<number[]> {
  const statuses = [];
  for (const url of urls) statuses.push((await send(url, '/', { headers })).status);
  return statuses;
}

describe.each(mounts)('addressLimit in %s', (_name, mount) => {
  test('refuses an address that is over it, in the documented shape', async () => {
    const limit = addressLimit({ requests: 2, windowMs: 10_000 });
    const { url } = await serve(mount(limit, (_req, res) => res.end('ok')));
    expect(await statusesOf([url, url])).toEqual([200, 200]);
    const { status, headers, body } = await send(url, '/');
    const { retry_after, ...rest } = JSON.parse(body);
    expect([status, rest]).toEqual([429, { error: 'Rate limit exceeded', limit_type: 'ip' }]);
    expect(headers['retry-after']).toBe(String(retry_after));
    expect(retry_after).toBeGreaterThan(0);
    expect(retry_after).toBeLessThanOrEqual(10);
  });
});

describe('addressLimit on Redis', () => {
  test('counts for all replicas, and forgets', async () => {
    const redis = (await RedisServer.start()).client();
    const options = { requests: 3, windowMs: 60_000, redis, ...patient };
    const urls = [(await limitedByAddress(options)).url, (await limitedByAddress(options)).url];
    expect(await statusesOf([...urls, ...urls, ...urls])).toEqual([200, 200, 200, 429, 429, 429]);
    const expiries = await keysWithExpiry(redis);
    expect(Object.keys(expiries)).toEqual(['gw:address:ip:127.0.0.1']);
    expect(expiries['gw:address:ip:127.0.0.1']).toBeGreaterThan(0);
  });

  test('lets each replica count alone while Redis is away, without an error', async () => {
    const server = await RedisServer.start();
    const options = { requests: 5, windowMs: 60_000, storeTimeoutMs: 300 };
    const one = await limitedByAddress({ ...options, redis: server.client() });
    const other = await limitedByAddress({ ...options, redis: server.client() });
    await server.kill();
    for (const { url } of [one, other]) {
      expect(await statusesOf(new Array(7).fill(url))).toEqual([200, 200, 200, 200, 200, 429, 429]);
    }
    await server.up();
    await eventually(async () => expect(await statusesOf([one.url])).toEqual([200]));
  });

  test('does not hang with a Redis that hangs', async () => {
    const server = await RedisServer.start();
    const redis = server.client();
    const { url } = await limitedByAddress({ requests: 1_000_000, redis, storeTimeoutMs: 300 });
    const load = traffic(url, 4);
    await load.more(20);
    server.signal('SIGSTOP');
    await load.more(20);
    server.signal('SIGCONT');
    await load.more(20);
    expect(Object.keys(await load.stop())).toEqual(['200']);
  });
});

describe('the address', () => {
  const behind = (forwardedFor: string) => ({ 'x-forwarded-for': forwardedFor });
  const ask = async (url: string, forwardedFor: string) => (await statusesOf([url], behind(forwardedFor)))[0];

  test('is the peer, whatever a client says in X-Forwarded-For', async () => {
    const { url } = await limitedByAddress({ requests: 3 });
    const statuses = [];
    for (let count = 0; count < 6; count += 1) statuses.push(await ask(url, `203.0.113.${count}`));
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });

  test('is what the nearest untrusted proxy has seen, whatever stands before it', async () => {
    const { url } = await limitedByAddress({ requests: 2, trustProxy: 'loopback' });
    expect(await ask(url, '192.0.2.1')).toBe(200);
    expect(await ask(url, '203.0.113.1, 192.0.2.1')).toBe(200);
    expect(await ask(url, '203.0.113.2, 127.0.0.1, 192.0.2.1')).toBe(429);
    expect(await ask(url, '192.0.2.2')).toBe(200);
  });

  test('of IPv6 is its /64, or as many bits as the option says', async () => {
    const { url } = await limitedByAddress({ requests: 2, trustProxy: 'loopback' });
    expect(await ask(url, '2001:db8:1:2::1')).toBe(200);
    expect(await ask(url, '2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(200);
    expect(await ask(url, '2001:0db8:0001:0002:0:0:0:3')).toBe(429);
    expect(await ask(url, '2001:db8:1:3::1')).toBe(200);

    const wide = await limitedByAddress({ requests: 1, trustProxy: 'loopback', ipv6SubnetBits: 56 });
    expect(await ask(wide.url, '2001:db8:1:200::1')).toBe(200);
    expect(await ask(wide.url, '2001:db8:1:2ff::1')).toBe(429);
    expect(await ask(wide.url, '2001:db8:1:300::1')).toBe(200);

    const exact = await limitedByAddress({ requests: 1, trustProxy: 'loopback', ipv6SubnetBits: 128 });
    expect(await ask(exact.url, '2001:db8::1')).toBe(200);
    expect(await ask(exact.url, '2001:db8::2')).toBe(200);
  });
});

describe('`perAddress` of a gateway', () => {
  test('comes before authentication, so that guessing keys costs the guesser', async () => {
    const { url: target, requests } = await upstream();
    const gateway = gatewayOf({
      services: { '/a': target },
      authenticate: { anonymous: { paths: ['/a'] } },
      rateLimit: { perAddress: { requests: 3 } },
    });
    const { url } = await serve(gateway.listener);
    const guess = async () => (await send(url, '/a', { headers: { 'x-api-key': 'guessed' } })).status;
    expect([await guess(), await guess(), await guess(), await guess()]).toEqual([401, 401, 401, 429]);
    expect((await send(url, '/a')).status).toBe(429);
    expect((await send(url, '/health')).status).toBe(200);
    expect(requests).toHaveLength(0);
  });
});

test.each<[object, string]>([
  [{}, '`perAddress.requests` must be a number, got undefined.'],
  [{ requests: 0 }, '`perAddress.requests` must be greater than 0, got 0.'],
  [{ requests: 1.5 }, '`perAddress.requests` must be an integer, got 1.5.'],
  [{ requests: 1, windowMs: 10 }, '`perAddress.windowMs` must be at least 1000, got 10.'],
  [{ requests: 1, window: 10 }, '`perAddress.window`: unknown option. Did you mean `windowMs`?'],
])('addressLimit refuses the options %j', (options, message) => {
  expect(() => addressLimit(options as AddressLimitOptions)).toThrow(message);
});
