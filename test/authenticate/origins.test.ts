import { describe, expect, test } from '@jest/globals';
import { type AuthenticateOptions, authenticate } from 'gatewright/authenticate';
import { send } from '../helpers.js';
import { serveBoth, webSocket } from './browser-support.js';
import { adminKey } from './support.js';

async function open(options: AuthenticateOptions = {}) {
  const { url } = await serveBoth(authenticate({ adminKey, ...options }));
  const host = url.slice('http://'.length);
  const ask = (headers: Record<string, string>) =>
    send(url, '/', { headers: { 'X-API-Key': adminKey, ...headers } });
  /** Opens a WebSocket from a page of this origin. */
  const from = async (origin: string, headers: Record<string, string> = {}): Promise<number> =>
    (await ask(webSocket({ Origin: origin, ...headers }))).status;
  return { host, ask, from };
}

describe('a WebSocket from a page', () => {
  test('of another site is refused, whatever credential it has', async () => {
    const { ask } = await open();
    const answer = await ask(webSocket({ Origin: 'https://evil.example' }));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      403,
      {
        error: 'Permission denied',
        message: 'This origin may not open a WebSocket here',
        required: [],
      },
    ]);
  });

  test('of the same host is let in, by whatever scheme', async () => {
    const { host, from } = await open();
    expect(await from(`http://${host}`)).toBe(200);
    expect(await from(`https://${host}`)).toBe(200);
    expect(await from('https://api.example.com', { Host: 'api.example.com' })).toBe(200);
    expect(await from('https://api.example.com', { Host: 'API.example.com:443' })).toBe(200);
    expect(await from('http://api.example.com:8080', { Host: 'api.example.com:8080' })).toBe(200);
  });

  test.each([
    ['a host that ends the same', 'https://evil-api.example.com'],
    ['a host that begins the same', 'https://api.example.com.evil.example'],
    ['a subdomain', 'https://x.api.example.com'],
    ['another port', 'https://api.example.com:8443'],
    ['a user name of the same text', 'https://api.example.com@evil.example'],
    ['no origin that can be told', 'null'],
    ['a file', 'file://'],
    ['what is no URL', 'api.example.com'],
    ['nothing', ''],
    ['two origins', 'https://api.example.com https://evil.example'],
  ])('of %s is refused', async (_what, origin) => {
    const { from } = await open();
    expect(await from(origin, { Host: 'api.example.com' })).toBe(403);
  });

  test('of a listed origin alone is let in where origins are listed', async () => {
    const { host, from } = await open({ origins: ['https://App.example.com', 'null'] });
    expect(await from('https://app.example.com')).toBe(200);
    expect(await from('null')).toBe(200);
    expect(await from('http://app.example.com')).toBe(403);
    expect(await from('https://app.example.com.evil.example')).toBe(403);
    // A name of the attacker's that has been pointed here is the same host, too.
    expect(await from(`http://${host}`)).toBe(403);
  });

  test.each<AuthenticateOptions['origins']>(['*', ['*'], ['https://a.example', '*']])(
    'of any origin is let in with %j',
    async (origins) => {
      const { from } = await open({ origins });
      expect(await from('https://evil.example')).toBe(200);
    },
  );

  test('goes by the host that a trusted proxy says', async () => {
    const headers = { Host: 'inside:8080', 'X-Forwarded-Host': 'api.example.com, inside' };
    const trusting = await open({ trustProxy: 'loopback' });
    expect(await trusting.from('https://api.example.com', headers)).toBe(200);
    expect(await trusting.from('http://inside:8080', headers)).toBe(403);
    const { from } = await open();
    expect(await from('https://api.example.com', headers)).toBe(403);
  });
});

test('a WebSocket that no page opens is let in', async () => {
  const { ask } = await open({ origins: ['https://app.example.com'] });
  expect((await ask(webSocket())).status).toBe(200);
});

test('a request that is no WebSocket is let in from any page: that is for CORS', async () => {
  const { ask } = await open();
  expect((await ask({ Origin: 'https://evil.example' })).status).toBe(200);
  const other = { Connection: 'Upgrade', Upgrade: 'h2c', Origin: 'https://evil.example' };
  expect((await ask(other)).status).toBe(200);
});

test('pages of other sites lock nobody out', async () => {
  const { from } = await open({ lockout: { failures: 2 } });
  for (let times = 0; times < 5; times += 1) expect(await from('https://evil.example')).toBe(403);
});

test.each<[string, unknown]>([
  ['a host alone', ['app.example.com']],
  ['a path', ['https://app.example.com/']],
  ['none', []],
  ['a string', 'https://app.example.com'],
])('origins that are %s are refused', (_what, origins) => {
  expect(() => authenticate({ origins: origins as never })).toThrow('authenticate.origins');
});
