import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { send, serve } from '../helpers.js';
import { gateway, idle, rawUpstream } from './support.js';

const evil = 'HTTP/1.1 200 OK\r\nSet-Cookie: session=evil\r\nContent-Length: 4\r\n\r\nevil';
const clean = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nclean';

/** An upstream whose first connection answers the first request so, and others, and later ones, cleanly. */
async function poisoned(first: string) {
  const sockets: Socket[] = [];
  const up = await rawUpstream((socket) => {
    socket.write(sockets.push(socket) === 1 ? first : clean, 'latin1');
    socket.on('data', () => socket.write(clean));
  });
  const quick = await serve((_req, res) => res.end('quick'));
  const at = await gateway({ services: { '/poisoned': up.url, '/quick': quick.url } });
  /** Leaves the gateway time for what has been written to it. */
  const roundTrips = async () => {
    for (let turn = 0; turn < 5; turn++) await send(at.url, '/quick');
  };
  return { up, at, sockets, roundTrips };
}

describe('what an upstream sends behind an answer is never the answer of the next request', () => {
  test.each([
    ['in the same packet', 'GET', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    [
      'behind chunks',
      'GET',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      'ok',
    ],
    ['as the body of a HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 73\r\n\r\n', ''],
    ['as the body of a HEAD in chunks', 'HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', ''],
    ['as the body of a 204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 73\r\n\r\n', ''],
    ['as the body of a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 73\r\n\r\n', ''],
  ])('%s', async (_how, method, answer, body) => {
    const { up, at, roundTrips } = await poisoned(answer + evil);
    expect((await send(at.url, '/poisoned', { method })).body).toBe(body);
    for (let turn = 0; turn < 3; turn++) {
      await roundTrips();
      const next = await send(at.url, '/poisoned');
      expect([next.status, next.body, next.headers['set-cookie']]).toEqual([200, 'clean', undefined]);
    }
    await at.router.close();
    await idle(up.server);
  });

  test('later, on a connection that nobody uses', async () => {
    const { up, at, sockets, roundTrips } = await poisoned(clean);
    expect(await send(at.url, '/poisoned')).toMatchObject({ status: 200, body: 'clean' });
    await new Promise((resolve) => sockets[0]?.write(evil, resolve));
    await roundTrips();
    const next = await send(at.url, '/poisoned');
    expect([next.status, next.body, next.headers['set-cookie']]).toEqual([200, 'clean', undefined]);
    await at.router.close();
    await idle(up.server);
  });

  test('such a connection is closed', async () => {
    const { at, sockets } = await poisoned(clean);
    expect(await send(at.url, '/poisoned')).toMatchObject({ status: 200, body: 'clean' });
    const [socket] = sockets as [Socket];
    const closed = once(socket, 'close');
    socket.write('garbage');
    await closed;
  });

  test('an answer before its request, as soon as there is a connection', async () => {
    const { url, server } = await rawUpstream(() => undefined);
    server.on('connection', (socket) => socket.write(evil));
    const { url: at } = await gateway({ services: { '/': url } });
    // Nothing tells such an answer from a fast one: it belongs to the one request of its connection.
    expect((await send(at, '/')).body).toBe('evil');
  });
});
