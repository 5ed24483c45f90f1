import { describe, expect, test } from '@jest/globals';
import { ConfigError, createGateway } from 'gatewright';
import { send, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream } from './support.js';

async function start() {
  const behind = await upstream();
  const gateway = gatewayOf({
    authenticate: { adminKey },
    services: {
      '/api/kgot': {
        targets: [behind.url],
        permissions: ['kgot:query'],
        access: [
          { path: '/public', methods: ['GET'], anonymous: true },
          { path: '/facts', methods: ['POST', 'DELETE'], permissions: ['kgot:write'] },
          { path: '/signed', authentication: ['hmac'] },
        ],
      },
    },
  });
  const { url } = await serve(gateway.listener);
  const keyWith = async (...permissions: string[]) =>
    (await gateway.apiKeys?.create({ permissions }))?.key ?? '';
  const ask = async (method: string, path: string, key?: string) =>
    (await send(url, path, { method, headers: key ? { 'X-API-Key': key } : {} })).status;
  return { ask, keyWith, behind };
}

describe('access rules of a service', () => {
  test('open a part of it, for some methods, without letting a wrong key through', async () => {
    const { ask } = await start();
    expect(await ask('GET', '/api/kgot/public/x?y')).toBe(200);
    expect(await ask('GET', '/api/kgot/public')).toBe(200);
    expect(await ask('POST', '/api/kgot/public/x')).toBe(401);
    expect(await ask('GET', '/api/kgot/publicity')).toBe(401);
    expect(await ask('GET', '/api/kgot/public/x', 'gw_wrong')).toBe(401);
    expect(await ask('GET', '/api/kgot/public/../facts')).toBe(400);
  });

  test('ask for permissions of their own; elsewhere the service asks', async () => {
    const { ask, keyWith } = await start();
    const reader = await keyWith('kgot:query');
    const writer = await keyWith('kgot:write');
    expect(await ask('GET', '/api/kgot/facts', reader)).toBe(200);
    expect(await ask('POST', '/api/kgot/facts', reader)).toBe(403);
    expect(await ask('POST', '/api/kgot/facts', writer)).toBe(200);
    expect(await ask('GET', '/api/kgot/facts', writer)).toBe(403);
    // Which an upstream reads as `/facts`.
    expect(await ask('POST', '/api/kgot/%66act%73', reader)).toBe(403);
  });

  test('accept some methods of authentication alone', async () => {
    const { ask, keyWith, behind } = await start();
    expect(await ask('GET', '/api/kgot/signed', await keyWith('*'))).toBe(401);
    expect(await ask('GET', '/api/kgot/signed', adminKey)).toBe(401);
    expect(behind.requests).toHaveLength(0);
  });

  test.each([
    [{ methods: ['get'] }, 'services["/x"].access[0].methods[0]'],
    [{ path: 'public' }, 'services["/x"].access[0].path'],
    [{ anonymus: true }, 'Did you mean `anonymous`?'],
    [{ authentication: ['basic'] }, 'services["/x"].access[0].authentication[0]'],
  ])('refuse %j when the gateway is made', (rule, message) => {
    const options = { services: { '/x': { targets: ['http://localhost:1'], access: [rule] } } };
    expect(() => createGateway(options as unknown as Parameters<typeof createGateway>[0])).toThrow(
      ConfigError,
    );
    expect(() => createGateway(options as unknown as Parameters<typeof createGateway>[0])).toThrow(message);
  });
});
