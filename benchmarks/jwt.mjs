// Verification of a bearer token against the bare library: `npm run bench:jwt`.
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { jwtSchema } from '../dist/authenticate/jwt-options.js';
import { jwtVerifier } from '../dist/authenticate/jwt-verifier.js';
import { cpuPerOperation, printTable } from './measure.mjs';

const secret = 'only-for-benchmarks-only-for-benchmarks';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const claims = {
  sub: '5f0c1c1e-93a6-4a0b-9d3c-2b8c5f3a7e11',
  iss: 'https://login.example.com/',
  aud: ['https://api.example.com'],
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 86_400,
  scope: 'openid profile kgot:query reports:read',
  tier: 'premium',
};

/**
 * @typedef {import('jsonwebtoken').Algorithm} Algorithm
 * @typedef {import('node:crypto').KeyObject} Key
 * @type {[Algorithm, Key, Key, Record<string, unknown>][]}
 */
const algorithms = [
  ['HS256', createSecretKey(Buffer.from(secret)), createSecretKey(Buffer.from(secret)), { secret }],
  [
    'RS256',
    rsa.privateKey,
    rsa.publicKey,
    { publicKey: rsa.publicKey.export({ type: 'spki', format: 'pem' }) },
  ],
  ['ES256', ec.privateKey, ec.publicKey, { publicKey: ec.publicKey.export({ type: 'spki', format: 'pem' }) }],
];

console.log(`Node ${process.version}, medians of interleaved rounds`);
for (const [algorithm, privateKey, publicKey, source] of algorithms) {
  const operations = algorithm === 'HS256' ? 20_000 : 4000;
  const token = jsonwebtoken.sign(claims, privateKey, { algorithm });
  const expected = { issuer: claims.iss, audience: claims.aud[0] };
  const options = { ...source, ...expected, algorithms: [algorithm] };
  const uncached = jwtVerifier(jwtSchema.parse({ ...options, cache: false }));
  const cached = jwtVerifier(jwtSchema.parse(options));
  const request = { headers: { authorization: `Bearer ${token}` } };
  const through = (/** @type {typeof cached} */ verify) => () => {
    for (let at = 0; at < operations; at += 1) {
      const verdict = verify(/** @type {never} */ (request), /** @type {never} */ ({}));
      if (!verdict || !('identity' in verdict)) throw new Error('Not accepted');
    }
  };
  const bare = `jsonwebtoken.verify() with a KeyObject`;
  const results = await cpuPerOperation(
    {
      [bare]: () => {
        const rules = { ...expected, algorithms: [algorithm] };
        for (let at = 0; at < operations; at += 1) jsonwebtoken.verify(token, publicKey, rules);
      },
      'gatewright, each time anew': through(uncached),
      'gatewright, remembered': through(cached),
    },
    { operations },
  );
  printTable(`${algorithm}, a token of ${token.length} bytes`, results, bare);
}
