import { expect, test } from '@jest/globals';
import { sendRaw, serve } from '../helpers.js';
import { recordingUpstream } from './recording-upstream.js';
import { nobody, routerOf } from './support.js';

const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const upgrade = [
  'GET / HTTP/1.1',
  'Host: a',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\r\n');

/** What comes back for these bytes from a router that opens WebSockets, and what its upstream has seen. */
async function ask(bytes: string, answer: string) {
  const behind = await recordingUpstream(answer);
  const router = routerOf({ services: { '/': behind.url } });
  const { port, server } = await serve((req, res) => router(req, res, () => nobody(req, res)));
  router.attach(server);
  server.keepAliveTimeout = 1; // Some of these answers leave the connection open.
  const answers = await sendRaw(port, bytes);
  return { answers, behind };
}

test.each([
  ['426', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'],
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'],
  [
    'a 101 of another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  ],
  [
    'a 101 without its key',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
])(
  'where the upstream answers an upgrade with %s, nothing behind it reaches the upstream',
  async (_what, answer) => {
    const { answers, behind } = await ask(`${upgrade}\r\n\r\n${hidden}`, answer);
    expect(answers).not.toMatch(/^HTTP\/1\.1 101 /);
    expect(behind.connections.join()).not.toContain('/hidden');
  },
);

test.each([
  ['a length', `Content-Length: ${hidden.length}`],
  ['chunks', 'Transfer-Encoding: chunked'],
  ['another version of WebSockets', 'Sec-WebSocket-Version: 8'],
])('nor does it where an upgrade has %s', async (_what, field) => {
  const answer = 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno';
  const { behind } = await ask(`${upgrade}\r\n${field}\r\n\r\n${hidden}`, answer);
  expect(behind.requests().map(({ line }) => line)).not.toContain('GET /hidden HTTP/1.1');
});
