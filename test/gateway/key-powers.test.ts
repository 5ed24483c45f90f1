import { describe, expect, test } from '@jest/globals';
import type { ApiKeyChanges, NewApiKey } from 'gatewright';
import { send } from '../helpers.js';
import { keyed } from './api-key-support.js';

const writer = { permissions: ['keys:write', 'kgot:*'] };
const soon = () => new Date(Date.now() + 86_400_000).toISOString();

/** A gateway with a key that writes keys and has these bounds, and what it may make and change. */
async function bounded(bounds: ApiKeyChanges & { tier?: string }) {
  const { gateway, ask, url, use } = await keyed();
  const made = await gateway.apiKeys?.create(writer);
  const { id } = made?.record ?? { id: '' };
  const key = made?.key ?? '';
  await gateway.apiKeys?.update(id, bounds);
  const make = async (wanted: object) => {
    const { status, json } = await ask('POST', '', wanted, key);
    return status === 201 ? status : [status, json.message];
  };
  /** Changes a key that is as narrow as the writer, and others of the administrator's. */
  const change = async (target: string, changes: object) => {
    const { status, json } = await ask('PATCH', `/${target}`, changes, key);
    return status === 200 ? status : [status, json.message];
  };
  const other = async (wanted: NewApiKey): Promise<string> =>
    (await gateway.apiKeys?.create(wanted))?.record.id ?? '';
  return { gateway, id, key, ask, make, change, other, url, use };
}

const beyond = (what: string) => [403, `A key cannot be given more than you have yourself: ${what}`];

type Case = [
  what: string,
  bounds: ApiKeyChanges & { tier?: string },
  within: object[],
  outside: object[],
  field: string,
];

const cases: Case[] = [
  [
    'services',
    { services: ['kgot', 'alita'] },
    [{ services: ['kgot'] }, { services: ['alita', 'kgot'] }],
    [{}, { services: ['kgot', 'other'] }],
    '`services`',
  ],
  [
    'addresses',
    { allowedIps: ['127.0.0.0/8', '2001:db8::/32'] },
    [
      { allowed_ips: ['127.0.0.1'] },
      { allowed_ips: ['127.1.0.0/16', '2001:db8:1::/48', '2001:db8::1'] },
      { allowed_ips: ['127.0.0.0/8'] },
    ],
    [
      {},
      { allowed_ips: ['127.0.0.1', '128.0.0.1'] },
      { allowed_ips: ['126.0.0.0/7'] },
      { allowed_ips: ['2001:db8::/31'] },
      { allowed_ips: ['0.0.0.0/0'] },
      { allowed_ips: ['::/0'] },
    ],
    '`allowed_ips`',
  ],
  [
    'a time of expiry',
    { expiresAt: soon() },
    [{ expires_in_days: 0.5 }],
    [{}, { expires_in_days: 2 }],
    'the time of expiry',
  ],
  [
    'a tier',
    { tier: 'basic' },
    [{}, { tier: 'basic' }, { tier: 'free' }],
    [{ tier: 'premium' }, { tier: 'enterprise', limits: { requests_per_minute: 1 } }],
    '`tier`',
  ],
  [
    'limits of its own',
    { limits: { requestsPerMinute: 5, costLimitPerHour: 0.5 } },
    [
      { limits: { requests_per_minute: 5, cost_limit_per_hour: 0.5 } },
      { limits: { requests_per_minute: 1, cost_limit_per_hour: 0.1, burst_limit: 2 } },
    ],
    [
      {},
      { limits: { requests_per_minute: 5 } },
      { limits: { requests_per_minute: 6, cost_limit_per_hour: 0.5 } },
      { limits: { requests_per_minute: 5, cost_limit_per_hour: 0.5, requests_per_day: 1001 } },
    ],
    '`limits`',
  ],
];

describe.each(cases)('a key that has %s', (_what, bounds, within, outside, field) => {
  test('makes no key that has more', async () => {
    const { make } = await bounded(bounds);
    for (const wanted of within) expect(await make(wanted)).toBe(201);
    for (const wanted of outside) {
      const answer = await make(wanted);
      expect(answer).toEqual([403, expect.stringContaining(field)]);
    }
  });

  test('changes none that has more, itself neither, and renews and revokes none', async () => {
    const { gateway, ask, change, other, id, key } = await bounded(bounds);
    const taken = Object.fromEntries(Object.keys(bounds).map((name) => [name, null]));
    if (!('tier' in bounds)) {
      const wire = Object.keys(taken).map((name) => [
        name.replace(/[A-Z]/g, (l) => `_${l.toLowerCase()}`),
        null,
      ]);
      expect(await change(id, Object.fromEntries(wire))).toEqual(beyond(field));
    }
    expect(await change(id, { name: 'mine' })).toBe(200);
    const wider = await other({ ...writer, tier: 'tier' in bounds ? 'premium' : 'free' });
    expect(await change(wider, { name: 'mine' })).toEqual([403, expect.stringContaining(field)]);
    for (const [method, below] of [
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      const answer = await ask(method, `/${wider}${below}`, method === 'POST' ? {} : undefined, key);
      expect([answer.status, answer.json.message]).toEqual([403, expect.stringContaining(field)]);
    }
    expect((await gateway.apiKeys?.get(wider))?.revokedAt).toBeUndefined();
  });
});

describe('a key that may do everything', () => {
  test('sets any tier and limits', async () => {
    const { make } = await bounded({ permissions: ['*'], tier: 'free' });
    expect(await make({ tier: 'system' })).toBe(201);
    expect(await make({ tier: 'enterprise', limits: { requests_per_minute: 100_000 } })).toBe(201);
  });

  test('makes none that outlives it, or leaves its place', async () => {
    const { make } = await bounded({ permissions: ['*'], expiresAt: soon(), services: ['kgot'] });
    expect(await make({})).toEqual(beyond('`services`, the time of expiry'));
    expect(await make({ services: ['kgot'], expires_in_days: 0.5 })).toBe(201);
  });
});

test('what is missing of permissions is listed too', async () => {
  const { ask, key } = await bounded({ services: ['kgot'] });
  const answer = await ask('POST', '', { permissions: ['mcp:call', 'kgot:query'] }, key);
  expect(answer.json).toEqual({
    error: 'Permission denied',
    message: 'A key cannot be given more than you have yourself: `services`',
    required: ['mcp:call'],
  });
});

test('a limit of its own leaves a key the other limits of its tier', async () => {
  const { ask, url } = await keyed();
  const made = await ask('POST', '', { limits: { requests_per_minute: 7 } });
  const { headers } = await send(url, '/api/kgot/x', { headers: { 'X-API-Key': made.json.api_key } });
  expect(headers['ratelimit-policy']).toContain('"per_minute";q=7;w=60');
  expect(headers['ratelimit-policy']).toContain('"per_day";q=1000;w=86400');
  await ask('PATCH', `/${made.json.key_id}`, { limits: { requests_per_hour: 8 } });
  const after = await send(url, '/api/kgot/x', { headers: { 'X-API-Key': made.json.api_key } });
  expect(after.headers['ratelimit-policy']).toContain('"per_minute";q=10;w=60');
  expect(after.headers['ratelimit-policy']).toContain('"per_hour";q=8;w=3600');
});
