import { describe, expect, test } from '@jest/globals';
import { type AuthenticateOptions, authenticate } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { send, serve } from '../helpers.js';
import { secret, tokenWith } from './jwt-support.js';
import { bare } from './support.js';

const key = generateApiKey();
const jwt = { secret, algorithms: ['HS256' as const] };

async function open(options: AuthenticateOptions = {}) {
  const guard = authenticate({ anonymous: { paths: ['/public'] }, ...options });
  const { url } = await serve(bare(guard, (req, res) => res.end(req.url)));
  return { url, guard, get: (query: string) => send(url, `/public${query}`) };
}

const refused = (what: string) => ({
  status: 401,
  body: `{"error":"Authentication failed","message":"${what} belongs in a header field, not in the URL"}`,
});

describe('an API key in the query is refused', () => {
  test.each([
    `?api_key=${key}`,
    `?apikey=${key}`,
    `?access_token=${key}`,
    `?x-api-key=${key}&a=1`,
    `?a=1&whatever=${key}`,
    `?${key}`,
    `?a&${key}&b`,
    `?api_key=gw_${'0'.repeat(49)}`,
  ])('%s', async (query) => {
    const { get } = await open();
    const answer = await get(query);
    expect(answer).toMatchObject(refused('An API key'));
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gateway"');
  });

  test('even where a good credential stands in its field', async () => {
    const { url, guard } = await open();
    const made = await guard.apiKeys.create();
    const headers = { 'X-API-Key': made.key };
    expect(await send(url, `/?api_key=${made.key}`, { headers })).toMatchObject(refused('An API key'));
    expect((await send(url, '/', { headers })).status).toBe(200);
  });

  test('and locks nobody out: nothing has been guessed', async () => {
    const { get } = await open({ lockout: { failures: 2 } });
    for (let times = 0; times < 5; times += 1) expect((await get(`?a=${key}`)).status).toBe(401);
  });
});

describe('a query of the upstream’s passes', () => {
  test.each([
    '?api_key=an-upstream-key-of-its-own',
    '?access_token=opaque',
    '?api_key=gw_short',
    `?api_key=${key}x`,
    `?api_key=${key.slice(0, -1)}`,
    `?api_key=${key.slice(0, -1)}-`,
    '?version=1.2.3&access_token=1.2.3',
    '?q=gw_&gw_=1',
    `?ticket=${key.slice(3)}`,
    '?',
  ])('%s', async (query) => {
    const { get } = await open({ jwt });
    const answer = await get(query);
    expect([answer.status, answer.body]).toEqual([200, `/public${query}`]);
  });

  test('with keys, where there are none here', async () => {
    const { get } = await open({ apiKeys: false });
    expect((await get(`?api_key=${key}`)).status).toBe(200);
  });
});

describe('a token in the query', () => {
  test('is refused by the name that RFC 6750 has for it', async () => {
    const { get } = await open({ jwt });
    expect(await get(`?access_token=${tokenWith()}`)).toMatchObject(refused('A token'));
    expect(await get(`?a=1&access_token=${tokenWith()}&b`)).toMatchObject(refused('A token'));
  });

  test('passes by another name, and where tokens are nothing to us', async () => {
    expect((await (await open({ jwt })).get(`?id_token=${tokenWith()}`)).status).toBe(200);
    expect((await (await open()).get(`?access_token=${tokenWith()}`)).status).toBe(200);
  });
});
