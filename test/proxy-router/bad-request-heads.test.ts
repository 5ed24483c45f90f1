import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { cleanup, send, sendRaw } from '../helpers.js';
import { gateway, idle, upstream } from './support.js';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n';

async function ask(bytes: string) {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { '/': url } });
  return { answer: await sendRaw(port, Buffer.from(bytes, 'latin1')), seen };
}

describe('400 and a closed connection for', () => {
  test.each([
    ['a folded field', `${get}X-A: b\r\n c\r\n\r\n`],
    ['a folded first line', 'GET / HTTP/1.1\r\n X-A: b\r\nHost: a\r\n\r\n'],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare line feed behind a field', 'GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n'],
    ['a bare carriage return in a field', 'GET / HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n'],
    ['a line feed in a cookie', `${get}Cookie: a=b\nX-Gateway-Tier: system\r\n\r\n`],
    ['a NUL in a value', `${get}X-A: a\0b\r\n\r\n`],
    ['a NUL in a name', `${get}X\0A: b\r\n\r\n`],
    ['a NUL in a path', 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a space before a colon', `${get}X-A : b\r\n\r\n`],
    ['a field without a colon', `${get}X-A\r\n\r\n`],
    ['a field without a name', `${get}: b\r\n\r\n`],
    ['a space in a path', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tab in a path', 'GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a byte beyond ASCII in a path', 'GET /a\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a byte beyond ASCII in a query', 'GET /a?\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method that is none', 'G@T / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ])('%s', async (_what, bytes) => {
    const { answer, seen } = await ask(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(seen).toEqual([]);
  });
});

describe('400 in the documented shape for', () => {
  test.each([
    ['two hosts', 'Host: a\r\nHost: b'],
    ['the same host twice', 'Host: a\r\nhost: a'],
    ['a list of hosts', 'Host: a, b'],
    ['a host with a path', 'Host: a/b'],
    ['a host with a user', 'Host: user@a'],
    ['a host with a space', 'Host: a b'],
    ['a host with quotes', 'Host: "a"'],
    ['a host with a port that is none', 'Host: a:b'],
  ])('%s', async (_what, fields) => {
    const { answer, seen } = await ask(`GET / HTTP/1.1\r\n${fields}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('{"error":"Bad request","message":"The host can be read in more than one way"}');
    expect(seen).toEqual([]);
  });
});

test.each(['', 'a', 'a:', 'a.example:8080', 'under_score', '[::1]', '[::1]:80', '127.0.0.1', 'x%41'])(
  'a host may be %j',
  async (host) => {
    const { answer, seen } = await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect([answer.slice(9, 12), seen[0]?.headers['x-forwarded-host']]).toEqual(['200', host]);
  },
);

test('HTTP/1.0 needs no host', async () => {
  expect((await ask('GET / HTTP/1.0\r\n\r\n')).answer).toMatch(/^HTTP\/1\.1 200 /);
});

test('an expectation that nobody can meet is 417', async () => {
  const { answer, seen } = await ask(`${get}Connection: close\r\nExpect: more\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 417 /);
  expect(seen).toEqual([]);
});

test('a head without end is 431, and takes no more memory than that of others', async () => {
  const { url, seen } = await upstream();
  const { port, url: at, server } = await gateway({ services: { '/': url } });
  const client = connect(port, '127.0.0.1');
  cleanup(() => client.destroy());
  client.on('error', () => undefined); // It is cut while it writes.
  let answer = '';
  client.on('data', (bytes) => {
    answer += bytes;
  });
  const line = `X-Endless: ${'x'.repeat(1000)}\r\n`;
  let sent = 0;
  const more = (): void => {
    while (!client.destroyed) {
      sent += line.length;
      if (!client.write(line)) {
        client.once('drain', more);
        break;
      }
    }
  };
  client.write(get);
  more();
  await new Promise((resolve) => client.once('close', resolve));
  expect(answer).toMatch(/^(?:HTTP\/1\.1 431 .*)?$/s); // A client that is cut while it writes may lose the answer.
  expect(sent).toBeLessThan(16 * 2 ** 20); // What the sockets of both sides hold at most.
  await idle(server);
  expect(await send(at, '/')).toMatchObject({ status: 200 });
  expect(seen).toHaveLength(1);
});

test('a head that is too large is 431', async () => {
  const { answer, seen } = await ask(`${get}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(seen).toEqual([]);
});
