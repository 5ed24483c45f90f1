import { describe, expect, test } from '@jest/globals';
import type { RateLimitOptions } from 'gatewright/rate-limit';
import { send } from '../helpers.js';
import { bothStores, limited, limitedAs } from '../redis-limited.js';

async function subjectAt(options: RateLimitOptions, forwardedFor: string): Promise<string | undefined> {
  const { url } = await limited(options, (req, res) => res.end(req.gateway?.rateLimit?.subject));
  return (await send(url, '/', { headers: { 'x-forwarded-for': forwardedFor } })).body;
}

describe('whom limits are counted for', () => {
  test.each([
    ['192.0.2.1', 'ip:192.0.2.1'],
    ['::ffff:192.0.2.1', 'ip:192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'ip:fe80::/64'],
    ['::1', 'ip:::/64'],
    ['not an address', 'ip:127.0.0.1'],
    ['192.0.2.1, nonsense', 'ip:127.0.0.1'],
    ['', 'ip:127.0.0.1'],
  ])('is, where X-Forwarded-For of a trusted proxy is %j, %s', async (forwardedFor, subject) => {
    expect(await subjectAt({ trustProxy: 'loopback' }, forwardedFor)).toBe(subject);
  });

  test.each([
    [undefined, 'ip:127.0.0.1'],
    [false, 'ip:127.0.0.1'],
    [0, 'ip:127.0.0.1'],
    [1, 'ip:192.0.2.9'],
    [2, 'ip:192.0.2.8'],
    [true, 'ip:203.0.113.7'],
    [['127.0.0.0/8', '192.0.2.9'], 'ip:192.0.2.8'],
  ])('is, with `trustProxy: %j`, %s', async (trustProxy, subject) => {
    expect(await subjectAt({ trustProxy }, '203.0.113.7, 192.0.2.8, 192.0.2.9')).toBe(subject);
  });

  test('of an identity is its id, wherever it comes from', async () => {
    const { url } = await limitedAs(
      { id: 'a' },
      { tiers: { free: { requestsPerDay: 2 } }, trustProxy: true },
    );
    const ask = async (at: string) => (await send(url, '/', { headers: { 'x-forwarded-for': at } })).status;
    expect([await ask('192.0.2.1'), await ask('192.0.2.2'), await ask('192.0.2.3')]).toEqual([200, 200, 429]);
  });

  test('of somebody anonymous is the address', async () => {
    const { url } = await limitedAs({ id: 'anonymous', method: 'anonymous' }, {}, (req, res) =>
      res.end(req.gateway?.rateLimit?.subject),
    );
    expect((await send(url, '/')).body).toBe('ip:127.0.0.1');
  });

  test.each(bothStores)(
    '%s is one for all of an IPv6 network, however many addresses it has',
    async (_n, options) => {
      const { url } = await limited({
        ...(await options()),
        tiers: { free: { requestsPerDay: 3 } },
        trustProxy: 'loopback',
      });
      const statuses = [];
      for (let host = 1; host <= 5; host += 1) {
        const headers = { 'x-forwarded-for': `2001:db8::${host}` };
        statuses.push((await send(url, '/', { headers })).status);
      }
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
    },
  );
});
