import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream, ways } from './support.js';

describe.each(ways)('a gateway %s', (_name, way) => {
  async function start(options: Partial<GatewayOptions> = {}, answer?: Parameters<typeof upstream>[0]) {
    const behind = await upstream(answer);
    const gateway = gatewayOf({
      endpoints: true,
      authenticate: { adminKey, anonymous: { paths: ['/api/kgot/public'] } },
      services: { '/api/kgot': { targets: [behind.url], cost: 0.002 } },
      ...options,
    });
    const { url } = await serve(way(gateway));
    const created = await send(url, '/api/auth/api-key', {
      headers: { 'X-API-Key': adminKey },
      body: JSON.stringify({ name: 'test', tier: 'free', permissions: ['kgot:query'] }),
    });
    const key: string = JSON.parse(created.body).api_key;
    const ask = (path: string, headers: Record<string, string> = { 'X-API-Key': key }) =>
      send(url, path, { headers });
    return { behind, gateway, url, key, created, ask };
  }

  test('makes a key, and lets it through to the service', async () => {
    const { created, key, ask, behind } = await start();
    expect(created.status).toBe(201);
    expect(JSON.parse(created.body)).toEqual({
      api_key: expect.stringMatching(/^gw_[0-9A-Za-z]{49}$/),
      key_id: expect.any(String),
      name: 'test',
      tier: 'free',
      permissions: ['kgot:query'],
      expires_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    const answer = await ask('/api/kgot/query?q=1');
    expect([answer.status, answer.body]).toEqual([200, 'from upstream']);
    const received = behind.requests[0];
    expect(received?.url).toBe('/query?q=1');
    expect(received?.headers['x-gateway-tier']).toBe('free');
    expect(received?.headers['x-request-id']).toBe(answer.headers['x-request-id']);
    expect(received?.headers['x-api-key']).toBeUndefined();
    expect(JSON.stringify(received?.headers)).not.toContain(key);
  });

  test('answers 401 without a credential, and nothing reaches the service', async () => {
    const { ask, behind } = await start();
    const answer = await ask('/api/kgot/query', {});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
    expect(JSON.parse(answer.body)).toEqual({
      error: 'Authentication failed',
      message: 'Credentials are required',
    });
    expect((await ask('/api/kgot/public/x', {})).status).toBe(200);
    expect(behind.requests).toHaveLength(1);
  });

  test('answers 403 without the permission that the service asks for', async () => {
    const behind = await upstream();
    const { ask } = await start({
      services: { '/api/kgot': { targets: [behind.url], permissions: ['kgot:admin'] } },
    });
    const answer = await ask('/api/kgot/query');
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({
      error: 'Permission denied',
      message: expect.any(String),
      required: ['kgot:admin'],
    });
    expect((await ask('/api/kgot/query', { 'X-API-Key': adminKey })).status).toBe(200);
  });

  test('refuses the 11th request in a minute, which consumes nothing', async () => {
    const { ask, behind } = await start();
    for (let count = 1; count <= 10; count += 1) expect((await ask('/api/kgot/query')).status).toBe(200);
    const refused = await ask('/api/kgot/query');
    expect(refused.status).toBe(429);
    const { retry_after: retryAfter, ...rest } = JSON.parse(refused.body);
    expect(rest).toEqual({ error: 'Rate limit exceeded', limit_type: 'per_minute' });
    expect(retryAfter).toBeGreaterThan(0);
    expect(refused.headers['retry-after']).toBe(String(retryAfter));
    expect(refused.headers.ratelimit).toBe(`"per_minute";r=0;t=${retryAfter}`);
    expect(behind.requests).toHaveLength(10);
  });

  test('consumes no quota for what is refused with 401', async () => {
    const { ask } = await start();
    for (let count = 0; count < 12; count += 1) {
      expect((await ask('/api/kgot/query', { 'X-API-Key': 'gw_wrong' })).status).toBe(401);
    }
    expect((await ask('/api/kgot/public/x', {})).headers.ratelimit).toMatch(/^"per_minute";r=9;/);
  });

  test('refuses the third request at a time, and a client that leaves frees its slot', async () => {
    const held: ServerResponse[] = [];
    const { ask, url, key, behind } = await start({}, (_req, res) => held.push(res));
    const headers = { 'X-API-Key': key };
    const running = [0, 1].map(() =>
      request(`${url}/api/kgot/slow`, { headers, agent: false }).on('error', () => {}),
    );
    for (const each of running) each.end();
    while (behind.requests.length < 2) await once(behind.server, 'request');

    const refused = await ask('/api/kgot/slow');
    expect([refused.status, JSON.parse(refused.body).limit_type]).toEqual([429, 'concurrent']);

    const left = once(held[0] as ServerResponse, 'close');
    running[0]?.destroy();
    running[1]?.destroy();
    await left;
    const third = ask('/api/kgot/slow');
    await once(behind.server, 'request');
    held.at(-1)?.end('at last');
    expect((await third).body).toBe('at last');
  });

  test('answers 502 for an unreachable target, without saying where it is, and charges nothing', async () => {
    const gone = await upstream();
    gone.server.close();
    const { ask, gateway } = await start({ services: { '/api/kgot': { targets: [gone.url], cost: 0.5 } } });
    const answer = await ask('/api/kgot/query');
    expect([answer.status, answer.body]).toEqual([502, '{"error":"Bad gateway","service":"kgot"}']);
    expect(gateway.health().status).toBe('healthy');
    const metrics = JSON.parse((await ask('/metrics', {})).body);
    expect(metrics.metrics.total_cost).toBe(0);
  });

  test('opens the breaker of a service that fails: 503, seen in /health', async () => {
    const { ask, behind, url } = await start(
      { circuitBreaker: { minimumRequests: 3 }, rateLimit: false },
      (_req, res) => res.writeHead(500).end(),
    );
    for (let count = 0; count < 3; count += 1) expect((await ask('/api/kgot/query')).status).toBe(500);
    const refused = await ask('/api/kgot/query');
    expect([refused.status, refused.body]).toEqual([
      503,
      '{"error":"Service temporarily unavailable","service":"kgot"}',
    ]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(behind.requests).toHaveLength(3);
    const health = await send(url, '/health');
    expect(health.status).toBe(503);
    expect(JSON.parse(health.body).components.services).toEqual({ kgot: false });
  });

  test.each([
    '/api/kgot/../../admin',
    '/api/kgot/%2e%2e/x',
    '/api/kgot/..%2f..%2fx',
    '/api/kgot\\..\\x',
    '/api/kgot/%5c..%5cx',
    '/api/kgot/x%00y',
  ])('lets %s reach no service', async (path) => {
    const { ask, behind } = await start();
    const answer = await ask(path);
    expect(answer.body === 'from the app' ? 400 : answer.status).toBe(400);
    expect(behind.requests).toHaveLength(0);
  });

  test('answers an oversized header field with 431', async () => {
    const { ask } = await start();
    expect((await ask('/api/kgot/x', { 'X-Large': 'x'.repeat(20_000) })).status).toBe(431);
  });

  test('shows health and metrics in the documented JSON', async () => {
    const { ask } = await start();
    await ask('/api/kgot/query');
    await ask('/api/kgot/query', {});
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(JSON.parse((await ask('/health', {})).body)).toEqual({
      status: 'healthy',
      timestamp: time,
      components: {
        redis: null,
        services: { kgot: true },
        middleware: { authentication: true, rate_limiting: true, analytics: true, circuit_breaker: true },
      },
    });
    expect(JSON.parse((await ask('/metrics', {})).body)).toEqual({
      timestamp: time,
      period: 'current_hour',
      scope: 'local',
      metrics: {
        total_requests: 2,
        avg_response_time_ms: expect.any(Number),
        p50_response_time_ms: expect.any(Number),
        p90_response_time_ms: expect.any(Number),
        p99_response_time_ms: expect.any(Number),
        error_rate: 0,
        total_cost: 0.002,
        status_codes: { 200: 1, 401: 1 },
      },
    });
  });
});
