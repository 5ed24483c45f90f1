// What authenticate() costs, against the bare library and the bare hash: `npm run bench:authenticate`.
import { createSecretKey, generateKeyPairSync, hash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { authenticate } from 'gatewright/authenticate';
import jsonwebtoken from 'jsonwebtoken';
import { contextOf } from '../dist/core/context.js';
import { cpuPerOperation, printTable } from './measure.mjs';
import { OWN_CORE, pin } from './processes.mjs';

const secret = 'only-for-benchmarks-only-for-benchmarks';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (/** @type {import('node:crypto').KeyObject} */ key) =>
  String(key.export({ type: 'spki', format: 'pem' }));

const claims = {
  sub: '5f0c1c1e-93a6-4a0b-9d3c-2b8c5f3a7e11',
  iss: 'https://login.example.com/',
  aud: ['https://api.example.com'],
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 86_400,
  scope: 'openid profile kgot:query reports:read',
  tier: 'premium',
};
const rules = { issuer: claims.iss, audience: claims.aud[0] };

/**
 * @typedef {'HS256' | 'RS256' | 'ES256'} Algorithm
 * @typedef {import('node:crypto').KeyObject} Key
 * @type {[Algorithm, Key, Key, { secret: string } | { publicKey: string }][]}
 */
const algorithms = [
  ['HS256', createSecretKey(Buffer.from(secret)), createSecretKey(Buffer.from(secret)), { secret }],
  ['RS256', rsa.privateKey, rsa.publicKey, { publicKey: pem(rsa.publicKey) }],
  ['ES256', ec.privateKey, ec.publicKey, { publicKey: pem(ec.publicKey) }],
];

/**
 * A middleware that is given one request, which has its record already, again and again, and takes it each time. A new
 * one each time would measure the garbage collector.
 *
 * @param {import('gatewright').Middleware} guard
 * @param {Record<string, string>} headers
 * @param {number} operations
 */
function taking(guard, headers, operations) {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/api/kgot/query' });
  const res = new ServerResponse(req);
  contextOf(req, res);
  return () => {
    let taken = 0;
    const next = () => {
      taken += 1;
    };
    for (let at = 0; at < operations; at += 1) {
      req.headers = { ...headers };
      guard(req, res, next);
    }
    if (taken !== operations) throw new Error(`${taken} of ${operations} taken`);
  };
}

pin(OWN_CORE);
console.log(`Node ${process.version}, medians of interleaved rounds`);

for (const [algorithm, privateKey, publicKey, source] of algorithms) {
  const operations = algorithm === 'HS256' ? 10_000 : 2000;
  const token = jsonwebtoken.sign(claims, privateKey, { algorithm });
  const headers = { authorization: `Bearer ${token}` };
  const jwt = { ...source, ...rules, algorithms: [algorithm] };
  const bare = 'jsonwebtoken.verify() with a KeyObject';
  const results = await cpuPerOperation(
    {
      [bare]: () => {
        const options = { ...rules, algorithms: [algorithm] };
        for (let at = 0; at < operations; at += 1) jsonwebtoken.verify(token, publicKey, options);
      },
      'authenticate(), each time anew': taking(
        authenticate({ apiKeys: false, jwt: { ...jwt, cache: false } }),
        headers,
        operations,
      ),
      'authenticate(), remembered': taking(authenticate({ apiKeys: false, jwt }), headers, operations),
    },
    { operations },
  );
  printTable(`${algorithm}, a token of ${token.length} bytes`, results, bare);
}

const operations = 20_000;
const guard = authenticate();
const { key: apiKey } = await guard.apiKeys.create({ tier: 'premium', permissions: ['kgot:query'] });
const bare = "crypto.hash('sha256') of the key";
const results = await cpuPerOperation(
  {
    [bare]: () => {
      for (let at = 0; at < operations; at += 1) hash('sha256', apiKey);
    },
    'authenticate(), X-API-Key': taking(guard, { 'x-api-key': apiKey }, operations),
    'authenticate(), Authorization: Bearer': taking(guard, { authorization: `Bearer ${apiKey}` }, operations),
  },
  { operations },
);
printTable('A cached API key', results, bare);
await guard.close();
