import { expect, test } from '@jest/globals';
import type { ApiKeyChanges, AuditRecord, NewApiKey } from 'gatewright';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { eventually } from '../redis-support.js';
import { audited } from './support.js';

type Recorded = () => AuditRecord[];

/** The next record, once it is there. */
const next = (recorded: Recorded): Promise<AuditRecord> => {
  const seen: AuditRecord[] = [];
  return eventually(() => {
    seen.push(...recorded());
    expect(seen).toHaveLength(1);
    return seen[0] as AuditRecord;
  });
};

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('a request without credentials is recorded with what it was and where it came from', async () => {
  const { get, recorded } = await audited();
  const answer = await get('/api/kgot/x?key=secret', { 'X-Request-Id': 'the-request' });
  expect(answer.status).toBe(401);
  expect(await next(recorded)).toEqual({
    time: isoTime,
    type: 'authentication',
    decision: 'denied',
    reason: 'ERR_GATEWAY_AUTHENTICATION_FAILED: Credentials are required',
    requestId: 'the-request',
    subject: 'ip:127.0.0.1',
    clientIp: '127.0.0.1',
    request: 'GET /api/kgot/x',
    service: 'kgot',
    status: 401,
  });
});

test('a wrong key is recorded with the reason, and the client’s address behind trusted proxies', async () => {
  const { get, recorded } = await audited({ trustProxy: 'loopback' });
  const headers = { 'X-API-Key': generateApiKey(), 'X-Forwarded-For': '203.0.113.7' };
  const answer = await get('/api/kgot/x', headers);
  expect(await next(recorded)).toMatchObject({
    type: 'authentication',
    reason: 'ERR_GATEWAY_AUTHENTICATION_FAILED: Invalid API key',
    requestId: answer.headers['x-request-id'],
    clientIp: '203.0.113.7',
    subject: 'ip:203.0.113.7',
  });
});

test('a missing permission is recorded with who lacks it', async () => {
  const { create, get, recorded } = await audited();
  const { key, record } = await create();
  expect((await get('/api/closed/x', { 'X-API-Key': key })).status).toBe(403);
  expect(await next(recorded)).toMatchObject({
    type: 'authorization',
    decision: 'denied',
    reason: 'ERR_GATEWAY_PERMISSION_DENIED: Missing a permission that is required',
    subject: `key:${record.id}`,
    keyId: record.id,
    method: 'api-key',
    service: 'closed',
    status: 403,
    required: ['closed:read'],
  });
});

test.each<[string, NewApiKey, ApiKeyChanges, number]>([
  ['expired', {}, { expiresAt: '2020-01-01T00:00:00Z' }, 401],
  ['not yet valid', {}, { notBefore: '2990-01-01T00:00:00Z' }, 401],
  ['for another service', { services: ['other'] }, {}, 403],
  ['for another address', { allowedIps: ['203.0.113.7'] }, {}, 403],
])('a key that is %s is recorded by its id', async (_how, wanted, changes, status) => {
  const { create, gateway, get, recorded } = await audited();
  const { key, record } = await create(wanted);
  await gateway.apiKeys?.update(record.id, changes);
  recorded();
  const answer = await get('/api/kgot/x', { 'X-API-Key': key });
  const { keyId, subject, required } = await next(recorded);
  expect([answer.status, keyId, subject, required]).toEqual([status, record.id, 'ip:127.0.0.1', undefined]);
  expect(answer.body + answer.rawHeaders.join()).not.toContain(record.id);
});

test('a key that has been revoked is recorded by its id', async () => {
  const { create, gateway, get, recorded } = await audited();
  const { key, record } = await create();
  await gateway.apiKeys?.revoke(record.id);
  recorded();
  expect((await get('/api/kgot/x', { 'X-API-Key': key })).status).toBe(401);
  expect(await next(recorded)).toMatchObject({ type: 'authentication', keyId: record.id });
});

test('a limit that is reached is recorded with which', async () => {
  const { create, get, recorded } = await audited();
  const limits = { requestsPerMinute: 1 };
  const { key, record } = await create({ limits });
  expect((await get('/api/kgot/x', { 'X-API-Key': key })).status).toBe(200);
  expect((await get('/api/kgot/x', { 'X-API-Key': key })).status).toBe(429);
  expect(await next(recorded)).toMatchObject({
    type: 'rate_limit',
    reason: 'ERR_GATEWAY_RATE_LIMIT_EXCEEDED: per_minute',
    subject: `key:${record.id}`,
    status: 429,
  });
});

test('an address that is locked out is recorded', async () => {
  const { get, recorded } = await audited({ authenticate: { lockout: { failures: 2 } } });
  for (const status of [401, 401, 429]) {
    expect((await get('/api/kgot/x', { 'X-API-Key': generateApiKey() })).status).toBe(status);
    await eventually(() => expect(recorded()[0]).toMatchObject({ status }));
  }
});

test('a request to an endpoint is recorded as any other', async () => {
  const { get, recorded } = await audited();
  expect((await get('/api/auth/api-key', { 'X-API-Key': 'gw_mistyped' })).status).toBe(401);
  const record = await next(recorded);
  expect(record).toMatchObject({ type: 'authentication', request: 'GET /api/auth/api-key' });
  expect(record.service).toBeUndefined();
});

test('what is let in, not found or broken is not recorded', async () => {
  const { create, get, recorded } = await audited();
  const { key } = await create();
  const headers = { 'X-API-Key': key };
  expect((await get('/api/kgot/x', headers)).status).toBe(200);
  expect((await get('/api/kgot/broken', headers)).status).toBe(500);
  expect((await get('/nowhere', headers)).status).toBe(404);
  expect((await get('/health')).status).toBe(200);
  await get('/api/kgot/last');
  expect(await next(recorded)).toMatchObject({ request: 'GET /api/kgot/last' });
});

test('what is let in is recorded where that is asked for', async () => {
  const { create, get, recorded } = await audited({}, { successes: true });
  const { key, record } = await create();
  await get('/api/kgot/x', { 'X-API-Key': key });
  expect(await next(recorded)).toMatchObject({
    type: 'authentication',
    decision: 'allowed',
    subject: `key:${record.id}`,
    method: 'api-key',
    keyId: record.id,
    status: 200,
  });
});

test('a path is recorded as it came, and not longer than 512 characters', async () => {
  const { get, recorded } = await audited();
  await get(`/api/kgot/%41${'x'.repeat(2000)}?token=secret`);
  const { request } = await next(recorded);
  expect(request).toMatch(/^GET \/api\/kgot\/%41x+$/);
  expect(request).toHaveLength('GET '.length + 512);
});

test('nothing is recorded where audit is off', async () => {
  const { get, lines } = await audited({ audit: false });
  expect((await get('/api/kgot/x')).status).toBe(401);
  expect((await get('/health')).status).toBe(200);
  expect(lines).toEqual([]);
});
