import { describe, expect, test } from '@jest/globals';
import { send, serve } from '../helpers.js';
import { gatewayOf, upstream } from './support.js';

const origin = 'https://app.example.com';

async function start(origins: string[] | undefined) {
  const behind = await upstream((_req, res) => {
    res.setHeader('Access-Control-Allow-Origin', 'https://upstream.example');
    res.setHeader('Vary', 'Accept-Encoding');
    res.end();
  });
  const gateway = gatewayOf({
    services: { '/api/kgot': behind.url },
    authenticate: { anonymous: { paths: ['/api/kgot/public'] } },
    cors: origins ? { origins } : false,
  });
  const { url } = await serve(gateway.listener);
  return { url, behind };
}

describe('cors', () => {
  test('answers a preflight request without a credential and without the service', async () => {
    const { url, behind } = await start([origin]);
    const answer = await send(url, '/api/kgot/x', {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(behind.requests).toHaveLength(0);
  });

  test('replaces what the upstream says, and keeps its Vary', async () => {
    const { url } = await start([origin]);
    const answer = await send(url, '/api/kgot/public', { headers: { Origin: origin } });
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers.vary).toBe('Origin, Accept-Encoding');
    const exposed = String(answer.headers['access-control-expose-headers']).split(',');
    expect(exposed).toEqual(
      expect.arrayContaining(['RateLimit', 'Retry-After', 'X-Request-Id', 'X-Gateway-Degraded']),
    );
    const stranger = await send(url, '/api/kgot/public', { headers: { Origin: 'https://evil.example' } });
    expect(stranger.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('says to a cache what is for one origin, where the request names none', async () => {
    const { url } = await start([origin]);
    const { headers } = await send(url, '/api/kgot/public');
    expect(headers.vary).toBe('Origin, Accept-Encoding');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('says what holds for every origin, where the request names none', async () => {
    const { url } = await start(['*']);
    const { headers } = await send(url, '/api/kgot/public');
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('lets a script read why it was refused', async () => {
    const { url } = await start(['*']);
    const answer = await send(url, '/api/kgot/x', { headers: { Origin: origin } });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, '*']);
  });

  test('is off unless it is asked for: the upstream speaks for itself', async () => {
    const { url } = await start(undefined);
    const answer = await send(url, '/api/kgot/public', { headers: { Origin: origin } });
    expect(answer.headers['access-control-allow-origin']).toBe('https://upstream.example');
  });
});
