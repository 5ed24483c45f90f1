import { describe, expect, test } from '@jest/globals';
import { mounts, send, serve } from '../helpers.js';
import { idle, nobody, rawUpstream, routerOf } from './support.js';

/** What can go wrong before an answer: each breaks the first request of an upstream. */
const breaks: [string, string | undefined][] = [
  ['closes without an answer', undefined],
  ['closes in the middle of the head', 'HTTP/1.1 200 OK\r\nX-Half: '],
  ['answers in another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['answers with a head that is not valid', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
  ['answers with a control character in a field', 'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\n\r\n'],
  ['answers with a status below all', 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'],
  ['answers with no status at all', 'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n'],
  ['answers with a head that is too large', `HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['answers with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'answers with a length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'switches protocols unasked',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
  ],
];

/** An upstream that breaks on the first request and answers the second. */
function breaksOnce(bytes: string | undefined) {
  let first = true;
  return rawUpstream((socket) => {
    if (!first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    else if (bytes === undefined) socket.destroy();
    else socket.end(bytes, 'latin1');
    first = false;
  });
}

const badGateway = { status: 502, body: '{"error":"Bad gateway","service":"kgot"}' };

describe.each(mounts)('%s', (_name, mount) => {
  test.each(breaks)(
    '502 where the upstream %s; the next request works, and nothing is left',
    async (_what, bytes) => {
      const { url, server: theirs } = await breaksOnce(bytes);
      const router = routerOf({ services: { '/api/kgot': url } });
      const { url: at, server: ours } = await serve(mount(router, nobody));
      expect(await send(at, '/api/kgot/x', { body: 'an upload' })).toMatchObject(badGateway);
      expect(await send(at, '/api/kgot/x')).toMatchObject({ status: 200, body: 'ok' });
      await router.close();
      await idle(theirs);
      await idle(ours);
    },
  );

  test('502 where nobody listens; the next request to another works', async () => {
    const gone = await serve(() => undefined);
    const { url } = await serve((_req, res) => res.end('ok'));
    await new Promise((resolve) => gone.server.close(resolve));
    const router = routerOf({ services: { '/api/kgot': gone.url, '/other': url } });
    const { url: at, server } = await serve(mount(router, nobody));
    const answer = await send(at, '/api/kgot/x');
    expect(answer).toMatchObject(badGateway);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(badGateway.body.length),
      'x-request-id': expect.any(String),
    });
    expect(await send(at, '/other')).toMatchObject({ status: 200 });
    await idle(server);
  });
});

test('a status message that no server may send is left out', async () => {
  const { url } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 201 O\x01K\r\nContent-Length: 2\r\n\r\nok'),
  );
  const router = routerOf({ services: { '/': url } });
  const { url: at } = await serve((req, res) => router(req, res, () => undefined));
  expect(await send(at, '/')).toMatchObject({ status: 201, body: 'ok' });
});

test('the connection of an answer that was refused is closed', async () => {
  const { url, server } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 099 Low\r\nContent-Length: 9\r\n\r\nhalf'),
  );
  const router = routerOf({ services: { '/api/kgot': url } });
  const { url: at } = await serve((req, res) => router(req, res, () => undefined));
  expect(await send(at, '/api/kgot')).toMatchObject(badGateway);
  await idle(server);
});

test('nothing of the answer that was refused is in ours', async () => {
  const { url } = await breaksOnce('HTTP/1.1 099 Low\r\nSet-Cookie: a=1\r\nContent-Encoding: gzip\r\n\r\n');
  const router = routerOf({ services: { '/': url } });
  const { url: at } = await serve((req, res) => router(req, res, () => undefined));
  const { headers } = await send(at, '/');
  expect(headers).not.toHaveProperty('set-cookie');
  expect(headers).not.toHaveProperty('content-encoding');
});

test('an error in the other format says no more', async () => {
  const gone = await serve(() => undefined);
  await new Promise((resolve) => gone.server.close(resolve));
  const router = routerOf({ services: { '/api/kgot': gone.url }, errorFormat: 'problem' });
  const { url } = await serve((req, res) => router(req, res, () => undefined));
  const { status, headers, body } = await send(url, '/api/kgot');
  expect([status, headers['content-type']]).toEqual([502, 'application/problem+json']);
  expect(JSON.parse(body)).toEqual({
    type: 'about:blank',
    title: 'Bad Gateway',
    status: 502,
    detail: 'Bad gateway',
    code: 'ERR_GATEWAY_BAD_GATEWAY',
    service: 'kgot',
  });
});
