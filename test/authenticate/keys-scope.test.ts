import { describe, expect, test } from '@jest/globals';
import { gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { stores } from './keys-in-stores.js';
import { wallClock } from './keys-support.js';

const WRONG_ADDRESS = '403 This key may not be used from this address';

describe.each(stores)('a key in %s', (_name, open) => {
  test.each<[string, string[], string, boolean]>([
    ['an IPv4 address', ['203.0.113.7'], '203.0.113.7', true],
    ['another IPv4 address', ['203.0.113.7'], '203.0.113.8', false],
    ['an IPv4 subnet', ['10.0.0.0/8', '203.0.113.0/25'], '203.0.113.127', true],
    ['outside an IPv4 subnet', ['10.0.0.0/8', '203.0.113.0/25'], '203.0.113.128', false],
    ['an IPv6 address, however written', ['2001:db8::1'], '2001:0DB8:0:0::1', true],
    ['an IPv6 subnet', ['2001:db8:1::/48'], '2001:db8:1:ffff::9', true],
    ['outside an IPv6 subnet', ['2001:db8:1::/48'], '2001:db8:2::1', false],
    ['IPv6 where IPv4 is allowed', ['0.0.0.0/0'], '2001:db8::1', false],
    ['IPv4 written as IPv6', ['203.0.113.7'], '::ffff:203.0.113.7', true],
  ])('is for the addresses it names: %s', async (_what, allowedIps, address, allowed) => {
    const { keys, use } = await open({ trustProxy: 'loopback' });
    const { key } = await keys.create({ allowedIps });
    expect(await use(key, { 'X-Forwarded-For': address })).toBe(allowed ? 200 : WRONG_ADDRESS);
  });

  test('does not believe a client that names an address itself', async () => {
    const { keys, use } = await open();
    const [{ key: theirs }, { key: ours }] = [
      await keys.create({ allowedIps: ['203.0.113.7'] }),
      await keys.create({ allowedIps: ['127.0.0.1'] }),
    ];
    expect(await use(theirs, { 'X-Forwarded-For': '203.0.113.7' })).toBe(WRONG_ADDRESS);
    expect(await use(ours, { 'X-Forwarded-For': '203.0.113.7' })).toBe(200);
  });

  test('is for other addresses once it is changed', async () => {
    const { keys, use } = await open();
    const { key, record } = await keys.create({ allowedIps: ['203.0.113.7'] });
    expect(await use(key)).toBe(WRONG_ADDRESS);
    await keys.update(record.id, { allowedIps: ['127.0.0.0/8'] });
    expect(await use(key)).toBe(200);
    await keys.update(record.id, { allowedIps: null });
    expect(await use(key)).toBe(200);
  });

  test('is valid from `notBefore` until it expires', async () => {
    const clock = wallClock();
    const { keys, use } = await open();
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const { key, record } = await keys.create({ notBefore, expiresInDays: 1 });
    expect(await use(key)).toBe('401 API key not yet valid');
    clock.advance(3_601_000);
    expect(await use(key)).toBe(200);
    clock.advance(79_000_000);
    expect(await use(key)).toBe(200);
    clock.advance(3_900_000);
    expect(await use(key)).toBe('401 API key expired');
    await keys.update(record.id, { expiresAt: new Date(Date.now() + 1000).toISOString() });
    expect(await use(key)).toBe(200);
  });
});

test('a key is for the services it names: 403 for others, 401 for a key that is wrong', async () => {
  const behind = await upstream();
  const gateway = gatewayOf({ services: { '/kgot': behind.url, '/mcp': behind.url } });
  const { url } = await serve(gateway.listener);
  const made = await gateway.apiKeys?.create({ services: ['kgot'] });
  const use = async (path: string, key = made?.key ?? '') => {
    const { status, body } = await send(url, path, { headers: { 'X-API-Key': key } });
    return [status, status === 200 ? undefined : JSON.parse(body)];
  };
  expect(await use('/kgot/x')).toEqual([200, undefined]);
  const refusal = { error: 'Permission denied', message: 'This key may not be used for this service' };
  expect(await use('/mcp/x')).toEqual([403, { ...refusal, required: [] }]);
  expect(behind.requests).toHaveLength(1);
  expect(await use('/mcp/x', 'gw_mistyped')).toEqual([
    401,
    { error: 'Authentication failed', message: 'Invalid API key' },
  ]);
  await gateway.apiKeys?.update(made?.record.id ?? '', { services: ['mcp'] });
  expect([(await use('/kgot/x'))[0], (await use('/mcp/x'))[0]]).toEqual([403, 200]);
});
