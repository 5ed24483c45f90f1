import { describe, expect, test } from '@jest/globals';
import { authenticate, signRequest } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { send, serve } from '../helpers.js';
import { secret, tokenWith } from './jwt-support.js';
import { adminKey, bare } from './support.js';

async function open() {
  const guard = authenticate({
    adminKey,
    jwt: { secret, algorithms: ['HS256'] },
    hmac: { keys: { bob: { secret } } },
    verify: (req) => {
      const session = req.headers['x-session'];
      if (session === undefined) return undefined;
      const identity = {
        id: 'carol',
        method: 'custom',
        tier: 'free',
        permissions: [],
        metadata: {},
      } as const;
      return session === 'good'
        ? { identity, headers: ['x-session'] }
        : { message: 'No', challenge: 'Session' };
    },
    anonymous: { paths: ['/'] },
  });
  const { url } = await serve(
    bare(guard, (req, res) =>
      res.end(JSON.stringify({ method: req.gateway?.identity?.method, headers: req.headers })),
    ),
  );
  const key = (await guard.apiKeys.create()).key;
  const other = (await guard.apiKeys.create()).key;
  const signed = () => signRequest({ method: 'GET', url: `${url}/`, keyId: 'bob', secret });
  const ask = async (headers: Record<string, string | string[]>) => {
    const { status, body } = await send(url, '/', { headers });
    return status === 200 ? JSON.parse(body) : { status, message: JSON.parse(body).message };
  };
  return { key, other, signed, ask };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const invalidKey = { status: 401, message: 'Invalid API key' };

describe('of several credentials', () => {
  test('two in the key header are one that is wrong', async () => {
    const { key, other, ask } = await open();
    expect(await ask({ 'X-API-Key': [key, other] })).toEqual(invalidKey);
    expect(await ask({ 'X-API-Key': [key, key] })).toEqual(invalidKey);
    expect(await ask({ 'X-API-Key': [adminKey, adminKey] })).toEqual(invalidKey);
    expect(await ask({ 'X-API-Key': `${key}, ${other}` })).toEqual(invalidKey);
  });

  test('the key header counts, and the rest belongs to the upstream', async () => {
    const { key, other, signed, ask } = await open();
    for (const rest of [bearer(other), bearer(tokenWith()), signed(), { 'X-Session': 'good' }]) {
      const seen = await ask({ 'X-API-Key': key, ...rest });
      expect(seen).toMatchObject({ method: 'api-key' });
      expect(seen.headers).not.toHaveProperty('x-api-key');
      for (const [name, value] of Object.entries(rest)) expect(seen.headers[name.toLowerCase()]).toBe(value);
    }
  });

  test('a wrong first one is not made good by the others', async () => {
    const { key, signed, ask } = await open();
    const wrong = generateApiKey();
    for (const rest of [{}, bearer(key), bearer(tokenWith()), signed(), { 'X-Session': 'good' }]) {
      expect(await ask({ 'X-API-Key': wrong, ...rest })).toEqual(invalidKey);
      expect(await ask({ 'X-API-Key': '', ...rest })).toEqual(invalidKey);
    }
    expect(await ask({ ...bearer(wrong), ...signed(), 'X-Session': 'good' })).toEqual(invalidKey);
    const expired = tokenWith({ exp: 1 });
    expect(await ask({ ...bearer(expired), ...signed() })).toEqual({ status: 401, message: 'Token expired' });
    expect(await ask({ ...signed(), Signature: 'sig1=:AAAA:', 'X-Session': 'good' })).toMatchObject({
      status: 401,
    });
    expect(await ask({ 'X-Session': 'bad' })).toEqual({ status: 401, message: 'No' });
  });

  test('a token comes before a signature, and a signature before a method of one’s own', async () => {
    const { signed, ask } = await open();
    expect(await ask({ ...bearer(tokenWith()), ...signed() })).toMatchObject({ method: 'jwt' });
    expect(await ask({ ...signed(), 'X-Session': 'good' })).toMatchObject({ method: 'hmac' });
    expect(await ask({ 'X-Session': 'good' })).toMatchObject({ method: 'custom' });
    expect(await ask({})).toMatchObject({ method: 'anonymous' });
  });
});
