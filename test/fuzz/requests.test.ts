import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adminKey, reading } from './reading.js';
import { fieldValue, PATIENCE_MS, runs, soup } from './support.js';

const base64 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const token = fc
  .tuple(
    fc.oneof(
      base64,
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    ),
    fc.oneof(
      base64,
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    ),
    base64,
  )
  .map((parts) => parts.join('.'));

/** Fields that the gateway reads, with what each may nearly be. */
const fields: Record<string, fc.Arbitrary<string>> = {
  authorization: fc.oneof(
    token.map((value) => `Bearer ${value}`),
    soup('Bearer|bearer| |\t|gw_|eyJhbGciOiJub25lIn0|.|,|=|Basic|AAAA|"'),
  ),
  'x-api-key': soup('gw_|0|A|z|_| |,|é|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
  'x-forwarded-for': soup('127.0.0.1|::1|[|]|:|,| |1|.|256|unknown|::ffff:|%'),
  'x-forwarded-host': soup('a|.|:|80|,| |[|@|/'),
  'x-forwarded-proto': soup('http|s|,| |:'),
  forwarded: soup('for|by|proto|host|=|;|,|"|\\|_x|[::1]|127.0.0.1| '),
  traceparent: soup('00|-|ff|4bf92f3577b34da6a3ce929d0e0e4736|00f067aa0ba902b7|01|0|Z'),
  tracestate: soup('a|=|,|@| |b'),
  origin: soup('https://|app.example.com|null|:|443|/|@| |[|%00'),
  'signature-input': soup('sig1|=|(|)|"@method"|;|created|1|,| |keyid|"alice"'),
  signature: soup('sig1|=|:|AAAA|,| '),
  'x-request-id': soup('a|-| |é|0|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
  accept: soup('application/json|text/plain|;|q=|0.5|,|*|/| '),
  'access-control-request-method': soup('GET|x|,| '),
  'access-control-request-headers': soup('x-a|,| |*'),
  'content-type': soup('application/json|;|charset|=|"|x'),
  connection: soup('keep-alive|x-a|,| |x-api-key'),
  cookie: soup('a|=|;| |"|%'),
};
const someFields = fc
  .record(
    Object.fromEntries(
      Object.entries(fields).map(([name, near]) => [
        name,
        fc.oneof(near, near, fieldValue).map((value) => value.trim()),
      ]),
    ),
    { requiredKeys: [] },
  )
  .map((record) => record as Record<string, string>);

/** Without the spaces and control characters that the client of Node refuses to send. */
const path = fc
  .oneof(
    soup('/api/kgot|/|.|..|%2e|%2F|%5c|\\|;|?|#|%|%00|x|&|=|http://a'),
    fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  )
  .map((rest) => `/${rest}`);

test(
  'whatever fields a request has, it is served or refused as the client’s mistake',
  async () => {
    const { ask } = await reading();
    await fc.assert(
      fc.asyncProperty(someFields, fc.constantFrom('GET', 'OPTIONS', 'DELETE'), async (headers, method) => {
        const { status, body } = await ask('/api/kgot/public/x', headers, method);
        expect(status).toBeLessThan(500);
        expect(body.length).toBeLessThan(2000);
      }),
      runs(150),
    );
  },
  PATIENCE_MS,
);

test(
  'whatever fields a request has beside a valid key, the upstream gets a trace, an id and no credential',
  async () => {
    const { ask, requests } = await reading();
    const { authorization: _one, signature: _two, 'signature-input': _three, ...others } = fields;
    const beside = someFields.map((headers) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name in others && name !== 'x-api-key')),
    );
    await fc.assert(
      fc.asyncProperty(beside, async (headers) => {
        requests.length = 0;
        const { status } = await ask('/api/kgot/x', { ...headers, 'x-api-key': adminKey });
        expect(status).toBeLessThan(500);
        const [sent] = requests;
        if (status !== 200 || sent === undefined) return;
        expect(sent.headers['x-api-key']).toBeUndefined();
        expect(sent.headers['traceparent']).toMatch(/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:-|$)/);
        expect(sent.headers['x-request-id']).toMatch(/^[\w.:@=+/-]{1,128}$/);
      }),
      runs(80),
    );
  },
  PATIENCE_MS,
);

test(
  'whatever its path, a request reaches the upstream byte for byte, or is refused',
  async () => {
    const { ask, requests } = await reading();
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        requests.length = 0;
        const { status } = await ask(target, { 'x-api-key': adminKey });
        expect(status).toBeLessThan(500);
        const [sent] = requests;
        if (sent === undefined) return;
        expect(target.startsWith('/api/kgot')).toBe(true);
        const rest = target.slice('/api/kgot'.length);
        expect(sent.url).toBe(rest.startsWith('/') ? rest : `/${rest}`);
      }),
      runs(150),
    );
  },
  PATIENCE_MS,
);
