import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { keyed } from './api-key-support.js';
import { adminKey } from './support.js';

describe('GET /api/auth/api-key', () => {
  test('lists keys in pages, each once and the oldest first', async () => {
    const { ask, gateway } = await keyed();
    const ids: (string | undefined)[] = [];
    for (let at = 0; at < 7; at += 1) ids.push((await gateway.apiKeys?.create())?.record.id);
    const first = (await ask('GET', '?limit=3')).json;
    const second = (await ask('GET', `?limit=3&cursor=${first.next_cursor}`)).json;
    const third = (await ask('GET', `?limit=3&cursor=${second.next_cursor}`)).json;
    const keys = [first, second, third].flatMap((page) => page.keys);
    expect(keys.map((key: { key_id: string }) => key.key_id)).toEqual(ids);
    expect(third.next_cursor).toBeNull();
    expect((await ask('GET')).json).toEqual({ keys, next_cursor: null });
  });

  test.each([
    ['memory', async () => ({})],
    ['Redis', async () => ({ redis: (await RedisServer.start()).client() })],
  ])('refuses a cursor that no page has given, in %s', async (_where, options) => {
    const { ask, gateway } = await keyed(await options());
    await gateway.apiKeys?.create();
    for (const cursor of ['', 'nobody', '0', '%00']) {
      expect(await ask('GET', `?cursor=${cursor}`)).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining('`cursor` must be one that a page has given') },
      });
    }
  });

  test('takes up to 1000 keys, by default 100', async () => {
    const { ask, gateway } = await keyed();
    for (let at = 0; at < 101; at += 1) await gateway.apiKeys?.create();
    expect((await ask('GET')).json.keys).toHaveLength(100);
    expect((await ask('GET', '?limit=1000')).json.keys).toHaveLength(101);
  });

  test.each(['0', '-1', '1001', '2.5', 'many', '', '1e999', 'NaN'])(
    'refuses the limit `%s`',
    async (limit) => {
      const { ask } = await keyed();
      expect(await ask('GET', `?limit=${limit}`)).toMatchObject({
        status: 400,
        json: { error: 'Bad request', message: '`limit` must be an integer from 1 to 1000.' },
      });
    },
  );
});

describe('GET /api/auth/api-key/:id', () => {
  test('says all but the secret and its hash, in snake_case', async () => {
    const { create, ask, use } = await keyed();
    const wanted = {
      name: 'ci',
      owner: 'search',
      tier: 'premium',
      permissions: ['kgot:query'],
      metadata: { camelCase: 'stays' },
      limits: { requests_per_minute: 7 },
      allowed_ips: ['127.0.0.0/8', '::1'],
      services: ['kgot'],
      not_before: '2020-01-01T00:00:00Z',
    };
    const { api_key, key_id, created_at, expires_at } = await create({ ...wanted, expires_in_days: 1 });
    expect(await use(api_key)).toBe(200);
    const { json, body } = await ask('GET', `/${key_id}`);
    expect(json).toEqual({
      ...wanted,
      key_id,
      created_at,
      expires_at,
      revoked_at: null,
      previous_valid_until: null,
      last_used_at: null,
    });
    expect(body).not.toMatch(/hash|[0-9a-f]{64}/);
    expect(body).not.toContain(api_key.slice(3, 20));
  });

  test('says null where a key has nothing', async () => {
    const { create, ask } = await keyed();
    const { key_id } = await create({});
    const nothing = ['owner', 'limits', 'allowed_ips', 'services', 'not_before', 'expires_at'];
    expect((await ask('GET', `/${key_id}`)).json).toMatchObject(
      Object.fromEntries(nothing.map((name) => [name, null])),
    );
  });
});

describe('PATCH /api/auth/api-key/:id', () => {
  test('changes what is given, and takes away what is null', async () => {
    const { create, ask, use } = await keyed();
    const { api_key, key_id } = await create({ name: 'a', owner: 'b', services: ['other'] });
    expect(await use(api_key)).toBe(403);
    const changes = { tier: 'basic', services: null, limits: { cost_limit_per_hour: 0.5 } };
    const { status, json } = await ask('PATCH', `/${key_id}`, changes);
    expect([status, json]).toEqual([200, expect.objectContaining({ name: 'a', owner: 'b', ...changes })]);
    expect(await use(api_key)).toBe(200);
    expect((await ask('GET', `/${key_id}`)).json).toEqual(json);
  });

  test.each<[string, unknown, RegExp]>([
    ['what is not JSON', '{', /not valid JSON/],
    ['an unknown field', { nam: 'x' }, /Did you mean `name`/],
    ['a field in camelCase', { allowedIps: null }, /Did you mean `allowed_ips`/],
    ['an unknown tier', { tier: 'gold' }, /`tier` must be one of free/],
    ['a name taken away', { name: null }, /`name`/],
    ['a limit that is none', { limits: { requests_per_minute: 0 } }, /`limits.requests_per_minute`/],
    ['an id', { key_id: 'mine' }, /`key_id`/],
    ['an expiry that is no time', { expires_at: 'tomorrow' }, /`expires_at`/],
  ])('refuses %s', async (_what, changes, message) => {
    const { create, ask } = await keyed();
    const { key_id } = await create({});
    const answer = await ask('PATCH', `/${key_id}`, changes);
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringMatching(message)]);
  });

  test('refuses a key that is revoked', async () => {
    const { create, ask } = await keyed();
    const { key_id } = await create({});
    await ask('DELETE', `/${key_id}`);
    const refused = { status: 400, json: { message: expect.stringMatching(/revoked/) } };
    expect(await ask('PATCH', `/${key_id}`, { name: 'x' })).toMatchObject(refused);
    expect(await ask('POST', `/${key_id}/rotate`)).toMatchObject(refused);
  });
});

describe('DELETE /api/auth/api-key/:id', () => {
  test('revokes a key, and once is as good as twice', async () => {
    const { create, ask, use } = await keyed();
    const { api_key, key_id } = await create({});
    expect(await use(api_key)).toBe(200);
    const answer = await ask('DELETE', `/${key_id}`);
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(await use(api_key)).toBe(401);
    const { revoked_at } = (await ask('GET', `/${key_id}`)).json;
    expect(Date.parse(revoked_at)).not.toBeNaN();
    expect((await ask('DELETE', `/${key_id}`)).status).toBe(204);
    expect((await ask('GET', `/${key_id}`)).json.revoked_at).toBe(revoked_at);
  });
});

describe('POST /api/auth/api-key/:id/rotate', () => {
  test('gives a new secret to the same key', async () => {
    const { create, ask, use } = await keyed();
    const { api_key, key_id, created_at } = await create({ name: 'a', tier: 'basic' });
    const { status, json } = await ask('POST', `/${key_id}/rotate`);
    expect([status, json]).toEqual([
      201,
      {
        api_key: expect.stringMatching(/^gw_\w{49}$/),
        key_id,
        name: 'a',
        tier: 'basic',
        permissions: [],
        expires_at: null,
        created_at,
      },
    ]);
    expect([await use(api_key), await use(json.api_key)]).toEqual([200, 200]);
    const until = (await ask('GET', `/${key_id}`)).json.previous_valid_until;
    expect(Date.parse(until)).toBeGreaterThan(Date.now() + 86_000_000);
  });

  test('can leave the former secret no time', async () => {
    const { create, ask, use } = await keyed();
    const { api_key, key_id } = await create({});
    const { json } = await ask('POST', `/${key_id}/rotate`, { grace_seconds: 0 });
    expect([await use(api_key), await use(json.api_key)]).toEqual([401, 200]);
  });

  test.each([{ grace_seconds: -1 }, { graceSeconds: 1 }, { grace_seconds: '1' }, []])(
    'refuses %j',
    async (body) => {
      const { create, ask } = await keyed();
      const { key_id } = await create({});
      expect((await ask('POST', `/${key_id}/rotate`, body)).status).toBe(400);
    },
  );
});

test('a key that is wrong is told from one that is not allowed to', async () => {
  const { create, ask } = await keyed();
  const { api_key, key_id } = await create({ permissions: ['keys:read'] });
  for (const [method, path] of [
    ['GET', ''],
    ['GET', `/${key_id}`],
    ['PATCH', `/${key_id}`],
    ['DELETE', `/${key_id}`],
    ['POST', `/${key_id}/rotate`],
  ] as const) {
    const body = method.startsWith('P') ? {} : undefined;
    expect((await ask(method, path, body, api_key)).json).toMatchObject({ required: ['keys:write'] });
    expect((await ask(method, path, body, generateApiKey())).status).toBe(401);
  }
  expect((await send((await keyed()).url, '/api/auth/api-key')).status).toBe(401);
  expect((await ask('GET', '', undefined, adminKey)).status).toBe(200);
});
