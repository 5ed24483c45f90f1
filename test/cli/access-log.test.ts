import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { accessLog } from '../../src/cli/access-log.js';
import { cleanup, send, serve } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';

type Written = { channel: string; details: Record<string, unknown>; text: string | undefined };

async function logged(format: 'json' | 'combined', sample = 1, random = () => 0) {
  const behind = await upstream();
  const key = 'a'.repeat(32);
  const gateway = createGateway({
    authenticate: { adminKey: key, anonymous: { paths: ['/api/open'] } },
    rateLimit: false,
    services: { '/api/kgot': behind.url, '/api/open': behind.url, '/api/down': 'http://127.0.0.1:1' },
  });
  cleanup(() => gateway.close());
  const { url, server } = await serve(gateway.listener);
  const lines: Written[] = [];
  const write = (channel: string, _message: string, details?: unknown, text?: string) => {
    lines.push({ channel, details: details as Record<string, unknown>, text });
    server.emit('logged');
  };
  const end = accessLog(server, { format, sample }, { write }, random);
  const request = async (path: string, headers: Record<string, string> = {}) => {
    const line = once(server, 'logged');
    await send(url, path, { headers: { 'X-API-Key': key, ...headers } });
    await line;
    return lines.at(-1) as Written;
  };
  return { request, lines, url, key, end };
}

test('writes who asked for what, what became of it, and how long it took, without the query', async () => {
  const { request, key } = await logged('json');
  const { channel, details } = await request('/api/kgot/x?token=hidden', {
    'User-Agent': 'test/1',
    Referer: 'https://me:hidden@app.example.com/page?ticket=hidden',
    'X-Request-Id': 'r1',
  });
  expect(channel).toBe('access');
  expect(details).toMatchObject({
    requestId: 'r1',
    clientIp: '127.0.0.1',
    service: 'kgot',
    method: 'GET',
    path: '/api/kgot/x',
    status: 200,
    ending: 'finished',
    referer: 'https://app.example.com/page',
    userAgent: 'test/1',
    durationMs: expect.any(Number),
  });
  expect(JSON.stringify(details)).not.toMatch(new RegExp(`hidden|${key}`));
});

test('writes a line for refusals, endpoints and paths of no service, too', async () => {
  const { request } = await logged('json');
  const refused = await request('/api/kgot/x', { 'X-API-Key': 'wrong' });
  expect(refused.details).toMatchObject({ status: 401, refusal: 'ERR_GATEWAY_AUTHENTICATION_FAILED' });
  expect((await request('/health/live')).details).toMatchObject({ status: 200, path: '/health/live' });
  expect((await request('/nowhere')).details).toMatchObject({ status: 404, path: '/nowhere' });
});

test('writes the combined format, in which nobody can forge a field', async () => {
  const { request } = await logged('combined');
  const { text } = await request('/api/open/x?token=hidden', {
    'X-API-Key': '',
    'User-Agent': 'a" 200 "\\ b\u00e9',
    Referer: 'https://app.example.com/page',
  });
  expect(text).toMatch(
    /^127\.0\.0\.1 - \S+ \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/api\/open\/x HTTP\/1\.1" \d{3} (?:\d+|-) "https:\/\/app\.example\.com\/page" "a\\" 200 \\"\\\\ b\\xe9"$/,
  );
  expect(text).not.toContain('hidden');
});

test('samples what succeeds, and never what fails', async () => {
  let chance = 0.5;
  const { request, lines, url, key } = await logged('json', 0.1, () => chance);
  await send(url, '/api/kgot/x', { headers: { 'X-API-Key': key } });
  expect((await request('/api/down/x')).details).toMatchObject({ status: 502 });
  chance = 0.05;
  expect((await request('/api/kgot/y')).details).toMatchObject({ path: '/api/kgot/y' });
  expect(lines).toHaveLength(2);
});

test('ends', async () => {
  const { lines, url, end } = await logged('json');
  end();
  await send(url, '/health/live');
  expect(lines).toEqual([]);
});
