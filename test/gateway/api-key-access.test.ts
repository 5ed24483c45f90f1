import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { keyed } from './api-key-support.js';

describe('nobody can touch a key that may do more than they', () => {
  test.each([
    ['PATCH', '', { name: 'x' }],
    ['PATCH', '', { permissions: [] }],
    ['DELETE', '', undefined],
    ['POST', '/rotate', {}],
  ])('%s%s %j', async (method, below, body) => {
    const { ask, create, use } = await keyed();
    const writer = (await create({ permissions: ['keys:write', 'kgot:*'] })).api_key;
    for (const stronger of [{ permissions: ['*'] }, { permissions: ['mcp:call'] }, { tier: 'system' }]) {
      const { api_key, key_id } = await create(stronger);
      const answer = await ask(method, `/${key_id}${below}`, body, writer);
      expect([answer.status, answer.json.error]).toEqual([403, 'Permission denied']);
      expect(await use(api_key)).toBe(200);
    }
    const { key_id } = await create({ permissions: ['kgot:query'] });
    expect((await ask(method, `/${key_id}${below}`, body, writer)).status).toBeLessThan(300);
  });

  test('nor raise one above themselves, their own neither', async () => {
    const { ask, create } = await keyed();
    const { api_key, key_id } = await create({ permissions: ['keys:write'] });
    for (const more of [{ permissions: ['keys:write', 'mcp:call'] }, { tier: 'system' }]) {
      expect((await ask('PATCH', `/${key_id}`, more, api_key)).status).toBe(403);
    }
    expect((await ask('PATCH', `/${key_id}`, { name: 'mine' }, api_key)).status).toBe(200);
  });
});

describe('the path of a key', () => {
  const odd = [
    ['/nobody', 404],
    [`/${'x'.repeat(128)}`, 404],
    [`/${'x'.repeat(500)}`, 404],
    ['/__proto__', 404],
    ['/%00', 400],
    ['/..%2f', 400],
    ['/..', 400],
    ['/a%20b', 404],
    ['/a/b', 404],
    ['/', 404],
    ['/nobody/', 404],
    ['/nobody/rotate/x', 404],
    ['-other', 404],
  ] as const;

  test.each(odd)('%s is answered %i', async (path, status) => {
    const { ask } = await keyed();
    expect((await ask('GET', path)).status).toBe(status);
    expect((await ask('DELETE', path)).status).toBe(status);
    expect((await ask('PATCH', path, {})).status).toBe(status);
  });

  test('is answered 404 for a rotation of nobody', async () => {
    const { ask } = await keyed();
    expect((await ask('POST', '/nobody/rotate')).status).toBe(404);
  });

  test.each([
    ['PUT', '', 'HEAD, POST, GET'],
    ['PATCH', '', 'HEAD, POST, GET'],
    ['DELETE', '', 'HEAD, POST, GET'],
    ['POST', '/nobody', 'HEAD, GET, PATCH, DELETE'],
    ['GET', '/nobody/rotate', 'POST'],
  ])('answers %s %s with what is allowed', async (method, path, allowed) => {
    const { ask } = await keyed();
    const answer = await ask(method, path);
    expect([answer.status, answer.headers.allow]).toEqual([405, allowed]);
  });

  test('answers HEAD as GET', async () => {
    const { ask, create } = await keyed();
    const { key_id } = await create({});
    for (const path of ['', `/${key_id}`]) {
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)].map(({ status, headers }) => [
        status,
        headers['content-length'],
      ]);
      expect(head).toEqual(get);
    }
  });

  test('can be moved', async () => {
    const { ask, create, url } = await keyed({ endpoints: { apiKeys: '/keys' } }, '/keys');
    const { key_id } = await create({});
    expect((await ask('GET', `/${key_id}`)).status).toBe(200);
    expect((await ask('POST', `/${key_id}/rotate`)).status).toBe(201);
    expect((await ask('DELETE', `/${key_id}`)).status).toBe(204);
    expect((await send(url, '/api/auth/api-key')).status).toBe(404);
  });

  test.each([
    ['the endpoint is off', { endpoints: { apiKeys: false } }],
    ['all endpoints are off', { endpoints: false }],
    ['authentication is off', { authenticate: false }],
    ['API keys are off', { authenticate: { apiKeys: false } }],
  ] as const)('is not there where %s', async (_why, options) => {
    const { ask } = await keyed(options);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/x'],
      ['DELETE', '/x'],
      ['POST', '/x/rotate'],
    ] as const) {
      expect((await ask(method, path)).status).toBe(404);
    }
  });
});

test('everything that asks the store is answered 503 while it is away, and nothing is said of why', async () => {
  const server = await RedisServer.start();
  const { ask, create } = await keyed({ redis: server.client({ maxRetriesPerRequest: 1 }) });
  const { key_id } = await create({});
  await server.kill();
  const unavailable = { error: 'Service temporarily unavailable', service: 'authentication' };
  for (const [method, path] of [
    ['GET', ''],
    ['POST', ''],
    ['GET', `/${key_id}`],
    ['PATCH', `/${key_id}`],
    ['DELETE', `/${key_id}`],
    ['POST', `/${key_id}/rotate`],
  ] as const) {
    const answer = await ask(method, path, method.startsWith('P') ? {} : undefined);
    expect([answer.status, answer.json]).toEqual([503, unavailable]);
  }
});
