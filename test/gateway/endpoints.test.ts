import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import type { GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { adminKey, app, gatewayOf, upstream } from './support.js';

async function direct(options: Partial<GatewayOptions> = {}) {
  const behind = await upstream();
  const gateway = gatewayOf({
    services: { '/api/kgot': behind.url },
    authenticate: { adminKey },
    ...options,
  });
  const { url } = await serve(gateway.listener);
  const create = (body: unknown, key = adminKey) =>
    send(url, '/api/auth/api-key', {
      headers: { 'X-API-Key': key },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { url, gateway, create, behind };
}

describe('the endpoints of a gateway', () => {
  test('say what it is at /', async () => {
    const { url } = await direct();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(JSON.parse((await send(url, '/')).body)).toEqual({
      name: 'gatewright',
      version,
      services: [{ name: 'kgot', path: '/api/kgot' }],
      uptime_seconds: 0,
    });
  });

  test('answer 404 for what is neither an endpoint nor a service, and 405 for a wrong method', async () => {
    const { url } = await direct();
    const unknown = await send(url, '/nowhere');
    expect([unknown.status, unknown.body]).toEqual([404, '{"error":"Not found"}']);
    const wrong = await send(url, '/health', { method: 'POST' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'HEAD, GET']);
  });

  test('can be moved and switched off', async () => {
    const { url } = await direct({ endpoints: { health: '/healthz', info: false } });
    expect((await send(url, '/healthz')).status).toBe(200);
    expect((await send(url, '/health')).status).toBe(404);
    expect((await send(url, '/')).status).toBe(404);
  });

  test('are not there in an app unless they are asked for', async () => {
    const behind = await upstream();
    const gateway = gatewayOf({ services: { '/api/kgot': behind.url } });
    const { url } = await serve(express().use(gateway).use(app));
    expect((await send(url, '/health')).body).toBe('from the app');
    const { url: front } = await serve(gateway.listenerFor(app));
    expect((await send(front, '/')).body).toBe('from the app');
  });

  test('work below a mount path', async () => {
    const behind = await upstream();
    const gateway = gatewayOf({
      services: { '/api/kgot': behind.url },
      endpoints: true,
      authenticate: false,
    });
    const { url } = await serve(express().use('/v1', gateway).use(app));
    expect((await send(url, '/v1/health')).status).toBe(200);
    expect((await send(url, '/v1/api/kgot/x')).body).toBe('from upstream');
    expect(behind.requests[0]?.url).toBe('/x');
  });

  test('/metrics is for this machine and for identities with metrics:read', async () => {
    const { url, create } = await direct();
    expect((await send(url, '/metrics')).status).toBe(200);
    const forwarded = { 'X-Forwarded-For': '203.0.113.9' };
    expect((await send(url, '/metrics', { headers: forwarded })).status).toBe(401);
    const weak = JSON.parse((await create({})).body).api_key;
    const strong = JSON.parse((await create({ permissions: ['metrics:read'] })).body).api_key;
    expect((await send(url, '/metrics', { headers: { ...forwarded, 'X-API-Key': weak } })).status).toBe(403);
    expect((await send(url, '/metrics', { headers: { ...forwarded, 'X-API-Key': strong } })).status).toBe(
      200,
    );
  });

  test('/metrics stays closed to others where authentication is off', async () => {
    const { url } = await direct({ authenticate: false });
    expect((await send(url, '/metrics')).status).toBe(200);
    expect((await send(url, '/metrics', { headers: { Forwarded: 'for=203.0.113.9' } })).status).toBe(401);
  });
});

describe('POST /api/auth/api-key', () => {
  test('takes everything that a key can have', async () => {
    const { create, url } = await direct();
    const created = JSON.parse(
      (
        await create({
          name: 'ci',
          tier: 'premium',
          permissions: ['kgot:query'],
          expires_in_days: 30,
          metadata: { team: 'search' },
          limits: { requests_per_minute: 1 },
        })
      ).body,
    );
    expect(created).toMatchObject({ name: 'ci', tier: 'premium', permissions: ['kgot:query'] });
    expect(Date.parse(created.expires_at) - Date.parse(created.created_at)).toBe(30 * 86_400_000);
    const headers = { 'X-API-Key': created.api_key };
    expect((await send(url, '/api/kgot/x', { headers })).status).toBe(200);
    expect((await send(url, '/api/kgot/x', { headers })).status).toBe(429);
  });

  test('asks for keys:write, and consumes no quota', async () => {
    const { create } = await direct();
    expect((await create({}, 'gw_nonsense')).status).toBe(401);
    const weak = JSON.parse((await create({})).body).api_key;
    const answer = await create({}, weak);
    expect([answer.status, JSON.parse(answer.body).required]).toEqual([403, ['keys:write']]);
    expect(answer.headers.ratelimit).toBeUndefined();
  });

  test('gives nobody a key that may do more than they may', async () => {
    const { create } = await direct();
    const writer = JSON.parse((await create({ permissions: ['keys:write', 'kgot:*'] })).body).api_key;
    expect((await create({ permissions: ['kgot:query'] }, writer)).status).toBe(201);
    expect(JSON.parse((await create({ permissions: ['*'] }, writer)).body).required).toEqual(['*']);
    expect((await create({ permissions: ['*:*'] }, writer)).status).toBe(403);
    expect((await create({ tier: 'system' }, writer)).status).toBe(403);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['what is not JSON', '{"name":', 400, /not valid JSON/],
    ['what is no object', '[]', 400, /must be/],
    ['an unknown field', { nam: 'x' }, 400, /Did you mean `name`/],
    ['an unknown tier', { tier: 'gold' }, 400, /must be one of free, basic/],
    ['a number out of range', { expires_in_days: -1 }, 400, /greater than 0/],
    ['64 KiB and more', JSON.stringify({ name: 'x'.repeat(70_000) }), 413, /65536/],
  ])('refuses %s', async (_name, body, status, message) => {
    const { create } = await direct();
    const answer = await create(body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(message);
  });

  test('takes a body that a body parser has read', async () => {
    const behind = await upstream();
    const gateway = gatewayOf({
      services: { '/x': behind.url },
      authenticate: { adminKey },
      endpoints: true,
    });
    const { url } = await serve(express().use(express.json()).use(gateway));
    const answer = await send(url, '/api/auth/api-key', {
      headers: { 'X-API-Key': adminKey, 'Content-Type': 'application/json' },
      body: '{"name":"parsed"}',
    });
    expect([answer.status, JSON.parse(answer.body).name]).toEqual([201, 'parsed']);
  });
});
