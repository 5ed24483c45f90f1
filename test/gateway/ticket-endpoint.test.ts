import { expect, test } from '@jest/globals';
import type { AuditRecord, GatewayOptions } from 'gatewright';
import { eventSource } from '../authenticate/browser-support.js';
import { send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { adminKey, gatewayOf, upstream } from './support.js';

const path = '/api/auth/ticket';

async function open(options: Partial<GatewayOptions> = {}) {
  const behind = await upstream();
  const records: AuditRecord[] = [];
  const gateway = gatewayOf({
    services: { '/api/kgot': behind.url, '/api/other': { targets: [behind.url], authentication: ['jwt'] } },
    authenticate: { adminKey },
    audit: { sink: { write: (record) => void records.push(record) }, successes: true },
    ...options,
  });
  const { url } = await serve(gateway.listener);
  const post = (headers: Record<string, string>, at = path) => send(url, at, { method: 'POST', headers });
  const ticketFor = async (key: string): Promise<string> =>
    JSON.parse((await post({ 'X-API-Key': key })).body).ticket;
  return { url, gateway, post, ticketFor, requests: behind.requests, records };
}

test('issues a ticket, which is not to be kept by a cache', async () => {
  const { post, gateway } = await open();
  const made = await gateway.apiKeys?.create();
  const answer = await post({ 'X-API-Key': made?.key ?? '' });
  expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
  expect(JSON.parse(answer.body)).toEqual({
    ticket: expect.stringMatching(/^gwt_[\w-]{43}$/),
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
});

test('issues none to nobody, to a wrong key, or for a ticket', async () => {
  const { post, ticketFor, url } = await open({
    authenticate: { adminKey, anonymous: { paths: ['/'] } },
  });
  expect(await post({})).toMatchObject({
    status: 401,
    body: '{"error":"Authentication failed","message":"Credentials are required"}',
    headers: { 'www-authenticate': 'Bearer realm="gateway"' },
  });
  expect((await post({ 'X-API-Key': 'gw_wrong' })).status).toBe(401);
  const ticket = await ticketFor(adminKey);
  expect((await post(eventSource, `${path}?ticket=${ticket}`)).status).toBe(401);
  expect((await send(url, path, { headers: { 'X-API-Key': adminKey } })).status).toBe(405);
});

test('a ticket reaches no upstream, no log and no service that takes other credentials alone', async () => {
  const { url, ticketFor, requests, records } = await open();
  const ticket = await ticketFor(adminKey);
  const answer = await send(url, `/api/kgot/events?a=%20&ticket=${ticket}&b`, { headers: eventSource });
  expect([answer.status, requests[0]?.url]).toEqual([200, '/events?a=%20&b']);
  const next = await ticketFor(adminKey);
  expect((await send(url, `/api/other/events?ticket=${next}`, { headers: eventSource })).status).toBe(401);
  await eventually(() => expect(records).toHaveLength(4));
  const kept = JSON.stringify([records, requests.map(({ rawHeaders }) => rawHeaders)]);
  for (const each of [ticket, next]) expect(kept).not.toContain(each.slice(4));
});

test('a ticket of a key that is for one service is not good for another', async () => {
  const { url, gateway, ticketFor } = await open();
  const made = await gateway.apiKeys?.create({ services: ['other'] });
  const ticket = await ticketFor(made?.key ?? '');
  const answer = await send(url, `/api/kgot/x?ticket=${ticket}`, { headers: eventSource });
  expect([answer.status, JSON.parse(answer.body).message]).toEqual([
    403,
    'This key may not be used for this service',
  ]);
});

test('tickets are in the gateway’s Redis, for all replicas', async () => {
  const server = await RedisServer.start();
  const [one, other] = [await open({ redis: server.client() }), await open({ redis: server.client() })];
  const at = `/api/kgot/x?ticket=${await one.ticketFor(adminKey)}`;
  expect((await send(other.url, at, { headers: eventSource })).status).toBe(200);
  expect((await send(one.url, at, { headers: eventSource })).status).toBe(401);
});

test('can be made in code', async () => {
  const { url, gateway } = await open();
  const identity = { id: 'u', method: 'custom', tier: 'free', permissions: [], metadata: {} } as const;
  const issued = await gateway.tickets?.issue(identity);
  expect((await send(url, `/api/kgot/x?ticket=${issued?.ticket}`, { headers: eventSource })).status).toBe(
    200,
  );
});

test('can be moved', async () => {
  const { post } = await open({ endpoints: { tickets: '/ticket' } });
  expect((await post({ 'X-API-Key': adminKey }, '/ticket')).status).toBe(201);
  expect((await post({ 'X-API-Key': adminKey })).status).toBe(404);
});

test.each<[string, Partial<GatewayOptions>]>([
  ['the endpoint is off', { endpoints: { tickets: false } }],
  ['all endpoints are off', { endpoints: false }],
  ['tickets are off', { authenticate: { adminKey, tickets: false } }],
  ['authentication is off', { authenticate: false }],
])('is not there where %s', async (_why, options) => {
  const { post } = await open(options);
  expect((await post({ 'X-API-Key': adminKey })).status).toBe(404);
});
