import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { authenticate } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { keepingLogger } from '../audit/support.js';
import { cleanup, sendRaw } from '../helpers.js';
import { secret, tokenWith } from './jwt-support.js';
import { bare } from './support.js';

/** A server that takes header fields of any length, as one behind a lenient proxy would. */
async function open() {
  const { logger, lines } = keepingLogger();
  const guard = authenticate({
    jwt: { secret, algorithms: ['HS256'] },
    hmac: { keys: { bob: { secret } } },
    logger,
  });
  const server = createServer(
    { maxHeaderSize: 1_048_576 },
    bare(guard, (_req, res) => res.end('in')),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const { key } = await guard.apiKeys.create();
  /** Sends header lines as they are; gives all that came back. */
  const answer = (...fields: string[]) =>
    sendRaw(
      port,
      Buffer.from(
        `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields.join('\r\n')}\r\n\r\n`,
        'latin1',
      ),
    );
  return { key, answer, lines };
}

const token = tokenWith();
const unknown = generateApiKey();

const bad: [string, string, number][] = [
  ['nothing', 'Authorization:', 401],
  ['spaces', 'Authorization:    ', 401],
  ['a scheme alone', 'Authorization: Bearer', 401],
  ['two schemes', 'Authorization: Basic Bearer KEY', 401],
  ['two schemes, each with its credential', 'Authorization: Bearer KEY, Basic dTpw', 401],
  ['two credentials', 'Authorization: Bearer KEY KEY', 401],
  ['a credential without a scheme', 'Authorization: KEY', 401],
  ['another scheme', 'Authorization: Basic KEY', 401],
  ['a parameter', 'Authorization: Bearer token=KEY', 401],
  ['a comma', 'Authorization: Bearer KEY,', 401],
  ['quotes', 'Authorization: Bearer "KEY"', 401],
  ['a tab in the credential', 'Authorization: Bearer KEY\tKEY', 401],
  ['a NUL', 'Authorization: Bearer KEY\u0000', 400],
  ['a bell', 'Authorization: Bearer \u0007KEY', 400],
  ['a line that is folded', 'Authorization: Bearer\r\n KEY', 400],
  ['a bare line feed', 'Authorization: Bearer KEY\nX-API-Key: KEY', 400],
  ['what is not ASCII', 'Authorization: Bearer KEY\u00e9', 401],
  ['a scheme that is not ASCII', 'Authorization: B\u00e9arer KEY', 401],
  ['64 KiB', `Authorization: Bearer gw_${'A'.repeat(65_536)}`, 401],
  [
    '64 KiB of a token',
    `Authorization: Bearer ${'A'.repeat(65_536)}.${'A'.repeat(10)}.${'A'.repeat(10)}`,
    401,
  ],
  ['64 KiB of spaces', `Authorization: Bearer ${' '.repeat(65_536)}x y`, 401],
  ['64 KiB in the key header', `X-API-Key: gw_${'A'.repeat(65_536)}`, 401],
  [
    '64 KiB of a signature',
    `Signature-Input: sig1=(${'"@method" '.repeat(7000)})\r\nSignature: sig1=:AA==:`,
    401,
  ],
  ['an unknown key', `Authorization: Bearer ${unknown}`, 401],
  ['a token that has been cut', `Authorization: Bearer ${token.slice(0, -1)}`, 401],
];

describe('Authorization that is malformed', () => {
  test.each(bad)('by %s is refused, and nothing of it is said or logged', async (_what, line, status) => {
    const { key, answer, lines } = await open();
    const said = await answer(line.replaceAll('KEY', key));
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 401) expect(said).toMatch(/^www-authenticate: /im);
    const told = said + JSON.stringify(lines);
    for (const part of [key.slice(3, 20), unknown.slice(3, 20), token.slice(-20), 'A'.repeat(20)]) {
      expect(told).not.toContain(part);
    }
  });

  test('by two lines is judged by the first', async () => {
    const { key, answer } = await open();
    const [good, wrong] = [`Authorization: Bearer ${key}`, 'Authorization: Bearer gw_wrong'];
    expect(await answer(good, wrong)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await answer(wrong, good)).toMatch(/^HTTP\/1\.1 401 /);
  });
});
