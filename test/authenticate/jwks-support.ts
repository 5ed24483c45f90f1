import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { serve } from '../helpers.js';
import { asymmetric, claims, forged, type JwtOptions, withJwt } from './jwt-support.js';

/** A key of a provider. */
export interface ProviderKey {
  /** As it is published. */
  readonly jwk: JsonWebKey;
  /** A token signed with it. */
  token(claims?: Record<string, unknown>): string;
}

/** A key as providers have them; what is published of it can be changed. */
export function providerKey(kid: string | undefined, more: JsonWebKey = {}, pair = ecPair()): ProviderKey {
  const header = { alg: pair.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256', kid };
  return {
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }), ...more },
    token: (more) => forged(header, claims({ iss: 'us', aud: 'api', ...more }), asymmetric(pair.privateKey)),
  };
}

const ecPair = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A provider that counts how often it is asked. `publish` changes its keys, `answer` what it does in their place. */
export async function provider(...keys: ProviderKey[]) {
  const state = { requests: 0, answer: published(keys) };
  const { url } = await serve((req, res) => {
    state.requests += 1;
    state.answer(req, res);
  });
  return {
    url: `${url}/jwks.json`,
    get requests() {
      return state.requests;
    },
    publish(...newKeys: ProviderKey[]) {
      state.answer = published(newKeys);
    },
    answer(how: RequestListener) {
      state.answer = how;
    },
  };
}

const published =
  (keys: ProviderKey[]): RequestListener =>
  (_req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  };

/** A server that trusts a provider. */
export function withProvider(
  url: string,
  jwks: Partial<JwtOptions['jwks']> = {},
  more: Partial<JwtOptions> = {},
) {
  return withJwt({
    jwks: { url, ...jwks },
    algorithms: ['ES256', 'RS256'],
    issuer: 'us',
    audience: 'api',
    ...more,
  });
}
