import { expect, test } from '@jest/globals';
import type { AuditRecord } from 'gatewright';
import { signRequest } from 'gatewright/authenticate';
import jsonwebtoken from 'jsonwebtoken';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { keepingLogger } from '../audit/support.js';
import { adminKey, gatewayOf, upstream } from '../gateway/support.js';
import { type Answer, send, sendRaw, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';
import { eventSource } from './browser-support.js';
import { everythingIn } from './keys-support.js';

const keys = '/api/auth/api-key';

/** What the gateway has in common with others. */
const shared = {
  jwt: 'a secret for tokens that nobody may ever see 1',
  hmac: 'a secret for signatures that nobody may ever see 2',
  identity: 'a secret for identities that nobody may ever see 3',
};

/** A whole gateway, and all that it writes down or says. */
async function wiretapped() {
  const server = await RedisServer.start();
  const { logger, lines } = keepingLogger();
  const records: AuditRecord[] = [];
  const write = (record: AuditRecord): void => {
    records.push(record);
    logger.info('audit', { ...record });
    throw new Error('the sink is full');
  };
  const behind = await upstream();
  const gateway = gatewayOf({
    services: {
      '/api/kgot': { targets: [behind.url], permissions: ['kgot:query'] },
      '/api/gone': 'http://127.0.0.1:1',
    },
    authenticate: {
      adminKey,
      lockout: { failures: 1000 },
      jwt: { secret: shared.jwt, algorithms: ['HS256'] },
      hmac: { keys: { bob: { secret: shared.hmac, permissions: ['kgot:query'] } } },
      signedIdentity: { secret: shared.identity, algorithm: 'HS256', issuer: 'edge' },
    },
    rateLimit: { perAddress: { requests: 1000, windowMs: 60_000 } },
    circuitBreaker: { minimumRequests: 2 },
    audit: { sink: { write }, successes: true },
    redis: server.client(),
    logger,
  });
  const { url, port } = await serve(gateway.listener);
  const answers: Answer[] = [];
  /** Keeps what came back, unless it is meant to have a secret in it. */
  const ask = async (...[path, options]: [string, Parameters<typeof send>[2]?]): Promise<Answer> => {
    const answer = await send(url, path, options);
    if (answer.status !== 201) answers.push(answer);
    return answer;
  };
  /** Everything that was said, as one text. */
  const everything = async (): Promise<string> => {
    const metrics = [
      await send(url, '/metrics'),
      await send(url, '/metrics', { headers: { Accept: 'text/plain' } }),
      await send(url, '/metrics', { headers: { Accept: 'application/openmetrics-text' } }),
      await send(url, '/health'),
      await send(url, '/'),
    ];
    const said = [...answers, ...metrics].map(({ body, rawHeaders }) => [body, rawHeaders]);
    return JSON.stringify([lines, records, said]) + (await everythingIn(server.client()));
  };
  return { url, port, gateway, ask, records, lines, everything, requests: behind.requests };
}

/** Parts of a secret that nobody may see; of a key, what follows its prefix. */
function partsOf(secret: string): string[] {
  const text = secret.replace(/^gwt?_/, '');
  const half = Math.floor(text.length / 2);
  return [text.slice(0, half), text.slice(half)];
}

type Wires = Awaited<ReturnType<typeof wiretapped>>;

/** Uses every credential there is beside keys, and tells their secrets. */
async function acceptedSecrets(
  { url, ask, requests }: Wires,
  asAdmin: (method: string, path: string) => Promise<Answer>,
): Promise<string[]> {
  const path = '/api/kgot/accepted';
  const token = jsonwebtoken.sign({ sub: 'alice', scope: 'kgot:query' }, shared.jwt, { expiresIn: 60 });
  const signed = signRequest({ method: 'GET', url: url + path, keyId: 'bob', secret: shared.hmac });
  const tickets: string[] = [];
  for (let each = 0; each < 3; each += 1)
    tickets.push(JSON.parse((await asAdmin('POST', '/api/auth/ticket')).body).ticket);
  const [used = '', refused = '', waiting = ''] = tickets;
  const bearer = { headers: { Authorization: `Bearer ${token}` } };
  const statuses = [
    await ask(path, bearer),
    await ask(path, { headers: signed }),
    await ask(path, { headers: signed }),
    await ask(`${path}?ticket=${used}`, { headers: eventSource }),
    await ask(`${path}?ticket=${used}`, { headers: eventSource }),
    await ask(`${path}?ticket=${refused}`),
    await ask(`${path}?access_token=${token}`),
    await ask('/api/gone/x', bearer),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 401, 200, 401, 401, 401, expect.any(Number)]);
  const identities = requests
    .filter((req) => req.url?.startsWith('/accepted'))
    .map(({ headers }) => String(headers['x-gateway-identity']));
  expect(identities).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^eyJ/)));
  const signature = String(/:(.+):/.exec(signed.Signature ?? '')?.[1]);
  return [token, signature, used, refused, waiting, ...identities, ...Object.values(shared)];
}

test('no secret is logged, recorded, measured, answered or stored', async () => {
  const wires = await wiretapped();
  const { port, gateway, ask, records, lines, everything } = wires;
  const asAdmin = (method: string, path: string, body?: object) =>
    ask(path, { method, headers: { 'X-API-Key': adminKey }, ...(body && { body: JSON.stringify(body) }) });
  const wanted = { permissions: ['kgot:query', 'keys:write'], limits: { requests_per_minute: 3 } };
  const made = await Promise.all([1, 2, 3].map(() => asAdmin('POST', keys, wanted)));
  const [good, revoked, rotated] = made.map(({ body }) => JSON.parse(body));
  await asAdmin('DELETE', `${keys}/${revoked.key_id}`);
  const renewed = JSON.parse((await asAdmin('POST', `${keys}/${rotated.key_id}/rotate`)).body);
  await asAdmin('PATCH', `${keys}/${good.key_id}`, { name: 'renamed' });
  const byCode = await gateway.apiKeys?.create({ permissions: ['nothing:here'] });

  const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"someone-secret"}').toString('base64url')}.c2lnbmF0dXJl`;
  const unknown = generateApiKey();
  const mistyped = `gw_${'mistyped'.repeat(6)}x`;
  const almostAdmin = `${adminKey.slice(0, -1)}X`;
  const basic = Buffer.from('someone:a-long-password-of-theirs').toString('base64');
  const credentials = [good.api_key, revoked.api_key, rotated.api_key, renewed.api_key, byCode?.key ?? ''];
  const secrets = [...credentials, jwt, unknown, mistyped, adminKey, almostAdmin, basic];

  const statuses: number[] = [];
  for (const secret of secrets) {
    const ways = [{ 'X-API-Key': secret }, { Authorization: `Bearer ${secret}` }];
    for (const headers of [...ways, { Authorization: `Basic ${secret}` }]) {
      const paths = ['/api/kgot/x', '/api/gone/x', '/nowhere', keys];
      for (const path of paths) statuses.push((await ask(path, { headers })).status);
    }
    const query = `?key=${secret}&api_key=${secret}&access_token=${secret}`;
    statuses.push((await ask(`/api/kgot/x${query}`)).status);
    statuses.push((await ask(`${keys}${query}`, { headers: { 'X-API-Key': secret } })).status);
    statuses.push((await ask(keys, { headers: { 'X-API-Key': adminKey }, body: `{"${secret}":` })).status);
  }
  const raw = `GET http://u:${renewed.api_key}@a/api/kgot/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  expect(await sendRaw(port, raw)).toMatch(/^HTTP\/1\.1 4/);
  expect(new Set(statuses)).toEqual(new Set([200, 400, 401, 403, 404, 429, 502, 503]));
  const types = ['api_key', 'authentication', 'authorization', 'circuit_breaker', 'rate_limit'];
  await eventually(() => expect([...new Set(records.map(({ type }) => type))].sort()).toEqual(types));

  const accepted = await acceptedSecrets(wires, asAdmin);
  await gateway.close();

  expect(lines.length).toBeGreaterThan(records.length);
  const all = await everything();
  expect(all).toContain(good.key_id);
  for (const part of [...secrets, ...accepted].flatMap(partsOf)) expect(all).not.toContain(part);
});
