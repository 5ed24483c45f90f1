import { describe, expect, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { authenticate, signRequest } from 'gatewright/authenticate';
import jsonwebtoken from 'jsonwebtoken';
import { cleanup, send, serve } from '../helpers.js';

const secret = 'a secret of the tests, 32 bytes or more';
const token = jsonwebtoken.sign({ sub: 'alice', tier: 'premium' }, secret, {
  issuer: 'tests',
  expiresIn: 60,
});
const options = {
  jwt: { secret, algorithms: ['HS256' as const], issuer: 'tests' },
  hmac: { keys: { bob: { secret } } },
};

describe('authenticate with several methods', () => {
  async function start() {
    const guard = authenticate(options);
    const { url } = await serve((req, res) =>
      guard(req, res, () => res.end(`${req.gateway?.identity?.method} ${req.gateway?.identity?.id}`)),
    );
    return { url, guard };
  }

  test('accepts each of them', async () => {
    const { url, guard } = await start();
    const { key, record } = await guard.apiKeys.create();
    const signed = signRequest({ method: 'GET', url: `${url}/x`, keyId: 'bob', secret });
    expect((await send(url, '/x', { headers: { 'X-API-Key': key } })).body).toBe(`api-key ${record.id}`);
    expect((await send(url, '/x', { headers: { Authorization: `Bearer ${token}` } })).body).toBe('jwt alice');
    expect((await send(url, '/x', { headers: signed })).body).toBe('hmac bob');
  });

  test('judges the first one presented alone', async () => {
    const { url } = await start();
    const headers = { 'X-API-Key': 'gw_wrong', Authorization: `Bearer ${token}` };
    expect((await send(url, '/x', { headers })).status).toBe(401);
  });

  test('says which there are', async () => {
    const { url } = await start();
    const challenge = (await send(url, '/x')).headers['www-authenticate'];
    expect(challenge).toBe('Bearer realm="gateway", Signature realm="gateway"');
  });
});

test('a gateway counts a token for its issuer and subject, and tells the upstream', async () => {
  const seen: (string | string[] | undefined)[] = [];
  const upstream = await serve((req, res) => {
    seen.push(req.headers['x-gateway-subject'], req.headers['x-gateway-tier'], req.headers.authorization);
    res.end();
  });
  const gateway = createGateway({
    authenticate: options,
    services: { '/api/kgot': { targets: [upstream.url], authentication: ['jwt'] } },
  });
  cleanup(() => gateway.close());
  const { url } = await serve(gateway.listener);
  expect((await send(url, '/api/kgot', { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
  expect(seen).toEqual(['jwt:tests:alice', 'premium', undefined]);
  const signed = signRequest({ method: 'GET', url: `${url}/api/kgot`, keyId: 'bob', secret });
  expect((await send(url, '/api/kgot', { headers: signed })).status).toBe(401);
});

test('a subject that no header field can carry reaches the upstream percent-encoded', async () => {
  const upstream = await serve((req, res) => res.end(req.headers['x-gateway-subject']));
  const gateway = createGateway({ authenticate: options, services: { '/x': upstream.url } });
  cleanup(() => gateway.close());
  const { url } = await serve(gateway.listener);
  const foreign = jsonwebtoken.sign({ sub: '李 雷%20' }, secret, { issuer: 'tests', expiresIn: 60 });
  const answer = await send(url, '/x', { headers: { Authorization: `Bearer ${foreign}` } });
  expect([answer.status, answer.body]).toEqual([200, 'jwt:tests:%E6%9D%8E%20%E9%9B%B7%2520']);
});
