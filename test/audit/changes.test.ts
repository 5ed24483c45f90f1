import { expect, test } from '@jest/globals';
import { type AuditSink, audit, ConfigError, GatewayEvents } from 'gatewright';
import { cleanup, send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';
import { audited, keepingLogger } from './support.js';

const keys = '/api/auth/api-key';

test('what an administrator does to keys is recorded with who did what to which', async () => {
  const { asAdmin, recorded } = await audited();
  const keyId = JSON.parse((await asAdmin('POST', keys)).body).key_id;
  await asAdmin('PATCH', `${keys}/${keyId}`, { name: 'x' });
  await asAdmin('POST', `${keys}/${keyId}/rotate`);
  await asAdmin('DELETE', `${keys}/${keyId}`);
  await asAdmin('DELETE', `${keys}/${keyId}`);
  const done = ['created', 'updated', 'rotated', 'revoked'];
  expect(recorded()).toEqual(
    done.map((decision) => ({
      time: expect.any(String),
      type: 'api_key',
      decision,
      subject: 'key:admin',
      keyId,
    })),
  );
});

test('what a key does to keys is recorded with that key', async () => {
  const { create, url, recorded } = await audited();
  const writer = await create({ permissions: ['keys:write'] });
  const headers = { 'X-API-Key': writer.key };
  const { key_id } = JSON.parse((await send(url, keys, { headers, body: '{}' })).body);
  expect(recorded()).toMatchObject([
    { decision: 'created', subject: `key:${writer.record.id}`, keyId: key_id },
  ]);
});

test('what code does to keys is recorded, and only what was done', async () => {
  const { gateway, recorded } = await audited();
  const created = await gateway.apiKeys?.create();
  const id = created?.record.id ?? '';
  await gateway.apiKeys?.update(id, { tier: 'basic' });
  await gateway.apiKeys?.rotate(id);
  await gateway.apiKeys?.revoke(id);
  await gateway.apiKeys?.revoke(id);
  await gateway.apiKeys?.revoke('nobody');
  await expect(gateway.apiKeys?.update(id, { tier: 'free' })).rejects.toThrow(ConfigError);
  const done = recorded();
  expect(done.map(({ decision }) => decision)).toEqual(['created', 'updated', 'rotated', 'revoked']);
  expect(done.every(({ subject, keyId }) => subject === 'code' && keyId === id)).toBe(true);
});

test('a breaker that opens is recorded', async () => {
  const { gateway, get, recorded } = await audited({
    authenticate: false,
    circuitBreaker: { minimumRequests: 2 },
  });
  expect(gateway.apiKeys).toBeUndefined();
  for (const status of [500, 500, 503]) expect((await get('/api/kgot/broken')).status).toBe(status);
  expect(recorded()).toEqual([
    {
      time: expect.any(String),
      type: 'circuit_breaker',
      decision: 'open',
      reason: 'was closed',
      service: 'kgot',
    },
  ]);
});

test('records go to the logger where nothing else is said', async () => {
  const { gateway, get, lines } = await audited({ audit: {} });
  const keyId = (await gateway.apiKeys?.create())?.record.id;
  await get('/api/kgot/x');
  const found = await eventually(() => {
    const details = lines.filter(({ message }) => message === 'audit');
    expect(details).toHaveLength(2);
    return details;
  });
  expect(found).toMatchObject([
    { level: 'info', details: { type: 'api_key', decision: 'created', keyId } },
    { level: 'info', details: { type: 'authentication', decision: 'denied', status: 401 } },
  ]);
});

test.each<[string, AuditSink]>([
  [
    'throws',
    {
      write: () => {
        throw new Error('disk full');
      },
    },
  ],
  ['rejects', { write: () => Promise.reject(new Error('disk full')) as never }],
])('a sink that %s hurts nobody, and is told of', async (_how, sink) => {
  const { gateway, get, asAdmin, lines } = await audited({}, { sink });
  const key = (await gateway.apiKeys?.create())?.key as string;
  expect((await get('/api/kgot/x')).status).toBe(401);
  expect((await get('/api/kgot/x', { 'X-API-Key': key })).status).toBe(200);
  expect((await asAdmin('POST', keys)).status).toBe(201);
  await eventually(() => {
    const told = lines.filter(({ message }) => message === 'An audit record could not be written');
    expect(told).toHaveLength(3);
    expect(told[0]).toMatchObject({
      level: 'error',
      details: { error: 'Error: disk full', record: { type: 'api_key' } },
    });
  });
});

test('works by itself in front of whatever refuses', async () => {
  const { logger, lines } = keepingLogger();
  const events = new GatewayEvents();
  const middleware = audit({ logger, events });
  cleanup(() => events.removeAllListeners());
  const { url } = await serve((req, res) => middleware(req, res, () => res.end('in')));
  expect((await send(url, '/')).body).toBe('in');
  events.publish('apiKey', { action: 'revoked', keyId: 'alice', by: 'code' });
  expect(lines).toMatchObject([{ message: 'audit', details: { decision: 'revoked', keyId: 'alice' } }]);
});

test.each<[string, Parameters<typeof audit>[0], string]>([
  ['a sink that cannot write', { sink: {} as never }, 'audit.sink'],
  ['an unknown option', { sucesses: true } as never, 'Did you mean `successes`'],
  ['a proxy that is none', { trustProxy: 'nowhere' }, 'trustProxy'],
])('refuses %s', (_what, options, message) => {
  expect(() => audit(options)).toThrow(ConfigError);
  expect(() => audit(options)).toThrow(message);
});
