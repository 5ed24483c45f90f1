import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { type AuthenticateOptions, authenticate, type SignedIdentityOptions } from 'gatewright/authenticate';
import { proxyRouter } from 'gatewright/proxy-router';
import jsonwebtoken, { type JwtPayload, type VerifyOptions } from 'jsonwebtoken';
import { adminKey, gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { pemOf, secret as tokenSecret, tokenWith } from './jwt-support.js';
import { wallClock } from './keys-support.js';

const secret = 'shared with the upstreams of the tests: 64 bytes or more, so HS512';
const hs256: SignedIdentityOptions = { secret, algorithm: 'HS256', issuer: 'edge' };
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

async function open(signedIdentity: SignedIdentityOptions, more: AuthenticateOptions = {}) {
  const behind = await upstream();
  const options: GatewayOptions = {
    services: { '/api/kgot': behind.url, '/api/alita': behind.url },
    authenticate: {
      adminKey,
      jwt: { secret: tokenSecret, algorithms: ['HS256'] },
      anonymous: { paths: ['/api/alita'] },
      signedIdentity,
      ...more,
    },
  };
  const start = async () => {
    const gateway = gatewayOf(options);
    return { gateway, url: (await serve(gateway.listener)).url };
  };
  const { gateway, url } = await start();
  /** The token that the upstream was sent. */
  const tokenAfter = async (headers: Record<string, string>, path = '/api/kgot', at = url) => {
    expect((await send(at, path, { headers })).status).toBe(200);
    return String(behind.requests.at(-1)?.headers['x-gateway-identity']);
  };
  return { gateway, url, start, tokenAfter, requests: behind.requests };
}

/** What an upstream does. */
function verified(token: string, key: string | KeyObject = secret, options: VerifyOptions = {}): JwtPayload {
  const { complete: _one, ...rest } = options;
  return jsonwebtoken.verify(token, key, { algorithms: ['HS256'], issuer: 'edge', ...rest }) as JwtPayload;
}

const asAdmin = { 'X-API-Key': adminKey };

describe('a signed identity', () => {
  test('tells the upstream who sends a request', async () => {
    const { gateway, tokenAfter } = await open(hs256);
    const made = await gateway.apiKeys?.create({ tier: 'premium', permissions: ['kgot:query'] });
    const token = await tokenAfter({ 'X-API-Key': made?.key ?? '' });
    const claims = verified(token, secret, { audience: 'kgot' });
    const { iat = 0 } = claims;
    expect(claims).toEqual({
      iss: 'edge',
      sub: `key:${made?.record.id}`,
      aud: 'kgot',
      iat: expect.any(Number),
      exp: iat + 60,
      tier: 'premium',
      permissions: ['kgot:query'],
      method: 'api-key',
    });
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(30);
  });

  test('is of whatever kind the credential was, or of nobody', async () => {
    const { tokenAfter } = await open(hs256);
    const bearer = { Authorization: `Bearer ${tokenWith({ iss: 'us' })}` };
    expect(verified(await tokenAfter(bearer))).toMatchObject({ sub: 'jwt:us:alice', method: 'jwt' });
    expect(verified(await tokenAfter(asAdmin))).toMatchObject({ sub: 'key:admin', permissions: ['*'] });
    expect(verified(await tokenAfter({}, '/api/alita'))).toMatchObject({
      sub: 'anonymous',
      method: 'anonymous',
      tier: 'free',
      permissions: [],
    });
  });

  test('is for one service, so that another does not take it', async () => {
    const { tokenAfter } = await open(hs256);
    const token = await tokenAfter(asAdmin, '/api/alita');
    expect(() => verified(token, secret, { audience: 'kgot' })).toThrow('audience');
    expect(verified(token, secret, { audience: 'alita' }).sub).toBe('key:admin');
  });

  test('can have an audience and a time of your own, and a key with a name', async () => {
    const { tokenAfter } = await open({ ...hs256, audience: 'all', ttlSeconds: 5, kid: '2030' });
    const token = await tokenAfter(asAdmin);
    const { aud, exp = 0, iat = 0 } = verified(token);
    expect([aud, exp - iat]).toEqual(['all', 5]);
    expect(jsonwebtoken.decode(token, { complete: true })?.header).toEqual({
      alg: 'HS256',
      typ: 'JWT',
      kid: '2030',
    });
  });

  test('is the same for half of its life', async () => {
    const clock = wallClock();
    const { tokenAfter } = await open(hs256);
    const first = await tokenAfter(asAdmin);
    clock.advance(29_000);
    expect(await tokenAfter(asAdmin)).toBe(first);
    clock.advance(2_000);
    const second = await tokenAfter(asAdmin);
    expect(second).not.toBe(first);
    expect((verified(second).exp ?? 0) - (verified(first).exp ?? 0)).toBeGreaterThanOrEqual(30);
  });

  test('follows a change of the key at once', async () => {
    const { gateway, tokenAfter } = await open(hs256);
    const made = await gateway.apiKeys?.create({ permissions: ['a:b'] });
    const headers = { 'X-API-Key': made?.key ?? '' };
    expect(verified(await tokenAfter(headers))['permissions']).toEqual(['a:b']);
    await gateway.apiKeys?.update(made?.record.id ?? '', { permissions: [] });
    expect(verified(await tokenAfter(headers))['permissions']).toEqual([]);
  });

  test('is verified with the same key whichever replica has signed', async () => {
    const { start, tokenAfter } = await open(hs256);
    const other = await start();
    const [one, two] = [await tokenAfter(asAdmin), await tokenAfter(asAdmin, '/api/kgot', other.url)];
    expect(verified(one).sub).toBe(verified(two).sub);
  });

  test.each(['X-Gateway-Identity', 'x_gateway_identity', 'X-Gateway_Identity'])(
    'takes the place of a forged %s',
    async (name) => {
      const forged = jsonwebtoken.sign({ sub: 'key:admin', iss: 'edge' }, 'a secret of the attacker');
      const { tokenAfter, requests } = await open(hs256);
      const token = await tokenAfter({ ...asAdmin, [name]: forged });
      expect(verified(token).sub).toBe('key:admin');
      expect(JSON.stringify(requests.at(-1)?.rawHeaders)).not.toContain(forged);
    },
  );

  test('is not forged where there is none', async () => {
    const { url, requests } = await open(undefined as never);
    expect(
      (await send(url, '/api/kgot', { headers: { ...asAdmin, 'X-Gateway-Identity': 'x' } })).status,
    ).toBe(200);
    expect(requests[0]?.headers).not.toHaveProperty('x-gateway-identity');
  });

  test('is sent by the single factories too', async () => {
    const behind = await upstream();
    const guard = authenticate({ adminKey, signedIdentity: hs256 });
    const router = proxyRouter({ services: { '/x': behind.url } });
    const { url } = await serve((req, res) => guard(req, res, () => router(req, res, () => res.end())));
    await send(url, '/x', { headers: asAdmin });
    const token = String(behind.requests[0]?.headers['x-gateway-identity']);
    expect(verified(token, secret, { audience: 'x' }).sub).toBe('key:admin');
    await router.close();
  });

  const pairs: readonly (readonly [SignedIdentityOptions['algorithm'], { privateKey: KeyObject }])[] = [
    ['ES256', ec],
    ['RS256', rsa],
    ['PS384', rsa],
  ];

  test.each(pairs)('can be signed with %s, by a PEM or a JWK', async (algorithm, { privateKey }) => {
    const jwk = privateKey.export({ format: 'jwk' }) as Record<string, unknown>;
    for (const key of [privatePem(privateKey), jwk]) {
      const { tokenAfter } = await open({ privateKey: key, algorithm, issuer: 'edge' });
      const token = await tokenAfter(asAdmin);
      const check = { algorithms: [algorithm], audience: 'kgot' };
      expect(verified(token, createPublicKey(privateKey), check).sub).toBe('key:admin');
    }
  });
});

describe('at construction', () => {
  const refusalOf = (signedIdentity: unknown, more: AuthenticateOptions = {}): string => {
    try {
      authenticate({ signedIdentity: signedIdentity as never, ...more });
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const short = 'x'.repeat(31);
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const edge = { issuer: 'edge' };

  test.each<[string, object, RegExp]>([
    [
      'a short secret',
      { ...hs256, secret: short },
      /`authenticate.signedIdentity.secret` must have at least 32 bytes/,
    ],
    [
      'a secret short for its hash',
      { ...hs256, secret: short + short, algorithm: 'HS512' },
      /at least 64 bytes/,
    ],
    ['a PEM for a secret', { ...hs256, secret: pemOf(ec.publicKey) }, /secret` must not be a PEM/],
    ['no key', { algorithm: 'ES256', ...edge }, /privateKey` must be given/],
    [
      'two keys',
      { ...hs256, privateKey: privatePem(ec.privateKey) },
      /secret` must be given, and no other key/,
    ],
    ['a secret for ES256', { ...hs256, algorithm: 'ES256' }, /secret` must not be given for ES256/],
    [
      'a public key',
      { privateKey: pemOf(ec.publicKey), algorithm: 'ES256', ...edge },
      /privateKey` must be a private key/,
    ],
    ['rubbish', { privateKey: 'rubbish', algorithm: 'ES256', ...edge }, /privateKey` must be a private key/],
    [
      'another curve',
      { privateKey: privatePem(ec.privateKey), algorithm: 'ES384', ...edge },
      /must be a key for ES384/,
    ],
    ['a weak RSA key', { privateKey: privatePem(weak.privateKey), algorithm: 'RS256', ...edge }, /2048 bits/],
    [
      'a private key for HS256',
      { privateKey: privatePem(ec.privateKey), algorithm: 'HS256', ...edge },
      /must be a key for HS256/,
    ],
    ['alg none', { ...hs256, algorithm: 'none' }, /signedIdentity.algorithm` must be "?'?HS256/],
    ['no issuer', { secret, algorithm: 'HS256' }, /signedIdentity.issuer/],
    ['no time', { ...hs256, ttlSeconds: 0 }, /signedIdentity.ttlSeconds/],
    ['a day', { ...hs256, ttlSeconds: 86_400 }, /signedIdentity.ttlSeconds/],
  ])('%s is refused', (_what, options, message) => {
    expect(refusalOf(options)).toMatch(message);
  });

  test('the key that tokens are verified with is refused, and no message shows a key', () => {
    const shared = /`authenticate.signedIdentity` must not be signed with the key of `jwt`/;
    const jwt = { secret, algorithms: ['HS256' as const] };
    const publicKey = { publicKey: pemOf(ec.publicKey), algorithms: ['ES256' as const] };
    const byKey = { privateKey: privatePem(ec.privateKey), algorithm: 'ES256', ...edge };
    const messages = [
      refusalOf(hs256, { jwt }),
      refusalOf(byKey, { jwt: publicKey }),
      refusalOf(secret),
      refusalOf({ ...hs256, secret: short }),
      refusalOf({ ...byKey, algorithm: 'HS256' }),
    ];
    expect(messages[0]).toMatch(shared);
    expect(messages[1]).toMatch(shared);
    for (const part of [secret.slice(0, 12), short, 'BEGIN']) expect(messages.join()).not.toContain(part);
  });
});
