import { expect, jest, test } from '@jest/globals';
import { jwtSchema } from '../../src/authenticate/jwt-options.js';
import { jwtVerifier } from '../../src/authenticate/jwt-verifier.js';
import { provider, providerKey } from './jwks-support.js';
import { stopClock } from './jwt-support.js';

const a = providerKey('a');
const request = (token: string) => ({ headers: { authorization: `Bearer ${token}` } }) as never;

test('tells once when a provider cannot be asked, and once when it can again', async () => {
  stopClock();
  const there = await provider(a);
  const told: unknown[][] = [];
  const logger = {
    info: (...line: unknown[]) => told.push(['info', ...line]),
    warn: (...line: unknown[]) => told.push(['warn', ...line]),
    error: (...line: unknown[]) => told.push(['error', ...line]),
  };
  const jwks = { url: `${there.url}?tenant=us`, cacheTtlMs: 60_000 };
  const options = jwtSchema.parse({ jwks, algorithms: ['ES256'], issuer: 'us', audience: 'api' });
  const verify = jwtVerifier(options, undefined, logger);
  await verify(request(a.token()), {} as never);
  expect(told).toEqual([]);
  there.answer((_req, res) => res.writeHead(500).end());
  jest.advanceTimersByTime(60_000);
  for (let round = 0; round < 3; round += 1) {
    await verify(request(a.token()), {} as never);
    await expect(verify(request(providerKey('b').token()), {} as never)).rejects.toThrow(
      'Service Unavailable',
    );
  }
  const from = new URL(there.url).origin;
  const error = "Error: The keys can't be had: status 500";
  expect(told).toEqual([
    ['warn', 'The keys of the identity provider cannot be had', { provider: from, error }],
  ]);
  there.publish(a);
  await verify(request(a.token()), {} as never);
  await verify(request(providerKey('b').token()), {} as never);
  expect(told.slice(1)).toEqual([
    ['info', 'The keys of the identity provider can be had again', { provider: from }],
  ]);
});
