import { expect, test } from '@jest/globals';
import type { AuditRecord } from 'gatewright';
import { send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { withSpare } from './breaker-support.js';
import { adminKey, gatewayOf, upstream } from './support.js';

const base = '/api/circuit-breakers';

/** A gateway whose breaker `kgot` opens at the first failure, and what its endpoints answer. */
async function operated() {
  const records: AuditRecord[] = [];
  const server = await withSpare(
    { circuitBreaker: {} },
    {},
    {
      audit: { sink: { write: (record) => records.push(record) } },
    },
  );
  const { gateway, url } = server;
  const act = async (method: string, path: string, key = adminKey) => {
    const answer = await send(url, base + path, { method, headers: { 'X-API-Key': key } });
    return { status: answer.status, json: answer.body === '' ? undefined : JSON.parse(answer.body) };
  };
  const keyWith = async (...permissions: string[]) => (await gateway.apiKeys?.create({ permissions }))?.key;
  const changes = () => records.filter(({ type }) => type === 'circuit_breaker');
  return { ...server, act, keyWith, changes };
}

test('lists breakers', async () => {
  const { act, open, ask } = await operated();
  await open();
  await ask('/spare/x');
  const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const common = { since, running: 0, isolated_by: null, replicas: null };
  expect(await act('GET', '')).toEqual({
    status: 200,
    json: {
      circuit_breakers: [
        { ...common, key: 'kgot', state: 'open', retry_after_ms: expect.any(Number) },
        { ...common, key: 'spare', state: 'closed', retry_after_ms: 0 },
      ],
    },
  });
});

test('isolates and resets, and records who did it', async () => {
  const { act, ask, open, changes } = await operated();
  expect(await act('POST', '/spare/isolate')).toMatchObject({
    status: 200,
    json: { key: 'spare', state: 'isolated', isolated_by: 'key:admin', all_replicas_told: true },
  });
  expect((await ask('/spare/x')).status).toBe(503);
  expect(JSON.parse((await ask('/health')).body).components.services).toMatchObject({ spare: false });
  await open();
  for (const key of ['spare', 'kgot'])
    expect(await act('POST', `/${key}/reset`)).toMatchObject({ status: 200, json: { key, state: 'closed' } });
  expect((await ask('/spare/x')).status).toBe(200);
  expect(changes()).toMatchObject([
    { decision: 'isolated', service: 'spare', subject: 'key:admin' },
    { decision: 'open', service: 'kgot', subject: undefined },
    { decision: 'closed', service: 'spare', reason: 'was isolated', subject: 'key:admin' },
    { decision: 'closed', service: 'kgot', reason: 'was open', subject: 'key:admin' },
  ]);
});

test('lets those look who may read or write, and those act who may write', async () => {
  const { act, keyWith } = await operated();
  const reader = await keyWith('breakers:read');
  const writer = await keyWith('breakers:write');
  const neither = await keyWith('keys:write', 'metrics:read');
  const statuses = async (key: string | undefined) => [
    (await act('GET', '', key)).status,
    (await act('POST', '/kgot/isolate', key)).status,
    (await act('POST', '/kgot/reset', key)).status,
  ];
  expect(await statuses(reader)).toEqual([200, 403, 403]);
  expect(await statuses(writer)).toEqual([200, 200, 200]);
  expect(await statuses(neither)).toEqual([403, 403, 403]);
  expect(await statuses('gw_nonsense')).toEqual([401, 401, 401]);
  expect((await act('GET', '', neither)).json).toMatchObject({ required: ['breakers:read'] });
});

test.each([
  ['POST', '/nobody/isolate', 404],
  ['POST', '/nobody/reset', 404],
  ['POST', '/kgot/open', 404],
  ['POST', '/kgot', 404],
  ['POST', '/%/isolate', 404],
  ['POST', '/a/b/isolate', 404],
  ['GET', '/kgot/isolate', 405],
  ['POST', '', 405],
  ['DELETE', '', 405],
])('%s %s is %d', async (method, path, status) => {
  const { act } = await operated();
  expect((await act(method, path)).status).toBe(status);
});

test('takes keys of the user’s, encoded', async () => {
  const up = await upstream();
  const gateway = gatewayOf({
    authenticate: { adminKey },
    circuitBreaker: { key: (req) => `tenant/${req.headers['x-tenant']}` },
    services: { '/api/kgot': up.url },
  });
  const { url } = await serve(gateway.listener);
  const headers = { 'X-API-Key': adminKey, 'X-Tenant': 'a b' };
  await send(url, '/api/kgot/x', { headers });
  const path = `${base}/${encodeURIComponent('tenant/a b')}/isolate`;
  expect((await send(url, path, { method: 'POST', headers })).status).toBe(200);
  expect((await send(url, '/api/kgot/x', { headers })).status).toBe(503);
  expect((await send(url, '/api/kgot/x', { headers: { ...headers, 'X-Tenant': 'b' } })).status).toBe(200);
});

test('is there no more than its path is, and not where breakers are switched off', async () => {
  const up = await upstream();
  const services = { '/api/kgot': up.url };
  const status = async (options: object) => {
    const gateway = gatewayOf({ authenticate: { adminKey }, services, ...options });
    const { url } = await serve(gateway.listener);
    return (await send(url, base, { headers: { 'X-API-Key': adminKey } })).status;
  };
  expect(await status({})).toBe(200);
  expect(await status({ endpoints: { circuitBreakers: false } })).toBe(404);
  expect(await status({ endpoints: { circuitBreakers: '/breakers' } })).toBe(404);
  expect(await status({ circuitBreaker: false })).toBe(404);
});

test('what an operator does at one gateway holds at another, through the gateway’s Redis', async () => {
  const redis = await RedisServer.start();
  const up = await upstream();
  const gateways = [];
  for (let at = 0; at < 2; at += 1) {
    const gateway = gatewayOf({
      authenticate: { adminKey },
      redis: redis.client(),
      circuitBreaker: { shared: { heartbeatMs: 100 } },
      services: { '/api/kgot': up.url },
    });
    gateways.push(gateway);
  }
  const [one, two] = gateways;
  const { url } = await serve((one as NonNullable<typeof one>).listener);
  const post = (action: string) =>
    send(url, `${base}/kgot/${action}`, { method: 'POST', headers: { 'X-API-Key': adminKey } });
  expect(JSON.parse((await post('isolate')).body)).toMatchObject({ all_replicas_told: true });
  await eventually(() => expect(two?.circuitBreaker?.states().get('kgot')).toBe('isolated'));
  expect(two?.health().components.services).toEqual({ kgot: false });
  await post('reset');
  await eventually(() => expect(two?.circuitBreaker?.states().get('kgot')).toBe('closed'));
});
