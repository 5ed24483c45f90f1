import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { byTransport, gateway, idle, rawUpstream, until } from './support.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const clean = `${ok}Content-Length: 5\r\n\r\nclean`;

/** A gateway to an upstream of which the first connection speaks badly, and the others cleanly. */
async function badOnce(speak: (socket: Socket) => void, timeouts: object = {}) {
  let first = true;
  const up = await rawUpstream((socket) => {
    if (first) speak(socket);
    else socket.write(clean);
    first = false;
  });
  const at = await gateway({ services: { '/bad': { targets: [up.url], timeouts } } });
  /** The answer, behind which the next request works and nothing is left. */
  async function answer() {
    const got = await send(at.url, '/bad').catch((error: Error) => ({ status: error.message, headers: {} }));
    expect(await send(at.url, '/bad')).toMatchObject({ status: 200, body: 'clean' });
    await at.router.close();
    await idle(up.server);
    await idle(at.server);
    return got;
  }
  return { ...up, answer };
}

describe('502, the next request works, and nothing is left, where the upstream', () => {
  test.each([
    ['breaks a value with a line feed', `${ok}X-A: a\nSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n`],
    ['breaks a value with a carriage return', `${ok}X-A: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n`],
    ['ends its head with line feeds', `${ok}Content-Length: 4\n\nevil`],
    ['folds a field', `${ok}X-A: a\r\n Set-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n`],
    ['puts a NUL into a value', `${ok}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['puts a NUL into a name', `${ok}X\0A: b\r\nContent-Length: 0\r\n\r\n`],
    ['puts a space before a colon', `${ok}Content-Length : 4\r\n\r\nevil`],
    ['sends a field without a name', `${ok}: a\r\nContent-Length: 0\r\n\r\n`],
    ['sends a negative length', `${ok}Content-Length: -1\r\n\r\nevil`],
    ['sends a length with a sign', `${ok}Content-Length: +4\r\n\r\nevil`],
    ['sends a list of lengths', `${ok}Content-Length: 4, 4\r\n\r\nevil`],
    ['sends a length beyond 64 bits', `${ok}Content-Length: 18446744073709551620\r\n\r\nevil`],
    [
      'sends a coding twice',
      `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'sends chunks and then a length',
      `${ok}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    ],
    ['sends chunks of another coding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['sends another coding', `${ok}Transfer-Encoding: gzip\r\n\r\n`],
    ['sends what is no coding', `${ok}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['sends a version that there is not', 'HTTP/1.7 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['sends a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
    ['sends a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['says nothing but line ends, and closes', '\r\n\r\n\r\n'],
    ['sends a preface of HTTP/2', '\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64'],
    ['sends an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46'],
  ])('%s', async (_what, bytes) => {
    const { answer } = await badOnce((socket) => socket.end(bytes, 'latin1'));
    const { status, headers } = await answer();
    expect([status, headers]).toEqual([
      502,
      expect.not.objectContaining({ 'set-cookie': expect.anything() }),
    ]);
  });

  test('resets the connection before its answer', async () => {
    const { answer } = await badOnce((socket) => socket.resetAndDestroy());
    expect((await answer()).status).toBe(502);
  });

  test('resets the connection in its head', async () => {
    const { answer } = await badOnce((socket) =>
      socket.write(`${ok}X-Half: `, () => socket.resetAndDestroy()),
    );
    expect((await answer()).status).toBe(502);
  });
});

/** Writes as fast as it is taken until the connection is gone, and counts. */
function endlessly(socket: Socket, bytes: string): { sent: number } {
  const count = { sent: 0 };
  const more = (): void => {
    while (!socket.destroyed) {
      count.sent += bytes.length;
      if (!socket.write(bytes)) {
        socket.once('drain', more);
        break;
      }
    }
  };
  more();
  return count;
}

/** What sockets of both sides hold, at most; a gateway that kept what it is sent would take on. */
const held = 32 * 2 ** 20;
const line = `X-Endless: ${'x'.repeat(1000)}\r\n`;

describe('an upstream that goes on for ever takes a bounded amount of memory:', () => {
  async function endless(head: string, bytes: string, timeouts = {}) {
    let count = { sent: 0 };
    const { answer } = await badOnce((socket) => {
      socket.write(head);
      count = endlessly(socket, bytes);
    }, timeouts);
    const { status } = await answer();
    if (status !== 504) expect(count.sent).toBeLessThan(held);
    return status;
  }

  test('a head without end is 502', async () => {
    expect(await endless(ok, line)).toBe(502);
  });

  test('a field without end is 502', async () => {
    expect(await endless(`${ok}X-Endless: `, 'x'.repeat(1000))).toBe(502);
  });

  test('a status message without end is 502, or 504 where it is not kept', async () => {
    const status = await endless('HTTP/1.1 200 ', 'x'.repeat(1000), { firstByteMs: 1000 });
    expect(status).toBe(byTransport({ default: 502, undici: 504 }));
  });

  test('trailers without end cut the answer', async () => {
    const status = await endless(`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n`, line);
    expect(status).toMatch(/^(?:aborted|socket hang up)$/);
  });
});

describe('what comes too slowly to be an answer is 504:', () => {
  test.each([
    ['line ends', '\r\n'],
    ['answers that say that there will be one', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['early hints', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('%s without end', async (_what, bytes) => {
    let writing: NodeJS.Timeout | undefined;
    const { answer } = await badOnce(
      (socket) => {
        writing = setInterval(() => socket.write(bytes), 5);
        socket.once('close', () => clearInterval(writing));
      },
      { firstByteMs: 100 },
    );
    expect((await answer()).status).toBe(504);
  });

  test('a head without end, byte by byte', async () => {
    const { answer } = await badOnce(
      (socket) => {
        socket.write(`${ok}X-Slow: `);
        const writing = setInterval(() => socket.write('x'), 5);
        socket.once('close', () => clearInterval(writing));
      },
      { firstByteMs: 100 },
    );
    expect((await answer()).status).toBe(504);
  });
});

test('an answer that is longer than its length ends with its length, and its connection is closed', async () => {
  const { url, sockets } = await rawUpstream((socket) =>
    socket.write(`${ok}Content-Length: 2\r\n\r\nok and more`),
  );
  const { url: at } = await gateway({ services: { '/': url } });
  expect(await send(at, '/')).toMatchObject({ status: 200, body: 'ok' });
  await until(() => sockets[0]?.closed === true);
});
