import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { BodyMeter } from '../../src/analytics/body-meter.js';
import { cleanup, send, serve } from '../helpers.js';

type Handler = Parameters<typeof serve>[0];

/** What a meter has counted when the response has ended. */
async function metered(handle: Handler, options: Parameters<typeof send>[2] = {}) {
  let counted = { bytesIn: -1, bytesOut: -1 };
  const { url, server } = await serve((req, res) => {
    const meter = BodyMeter.of(req, res);
    res.once('close', () => {
      counted = { bytesIn: meter.bytesIn, bytesOut: meter.bytesOut };
      server.emit('counted');
    });
    handle(req, res);
  });
  const done = once(server, 'counted');
  await send(url, '/', options);
  await done;
  return counted;
}

test.each<[string, Handler, number]>([
  ['nothing', (_req, res) => void res.end(), 0],
  ['one piece', (_req, res) => void res.end('hello'), 5],
  [
    'several pieces',
    (_req, res) => {
      res.write('ab');
      res.write(Buffer.from('cde'));
      res.end('f');
    },
    6,
  ],
  ['letters of two bytes', (_req, res) => void res.end('äöü'), 6],
  ['another encoding', (_req, res) => void res.end('00ff', 'hex'), 2],
  ['a 304, whose body is not sent', (_req, res) => void res.writeHead(304).end('ignored'), 0],
  [
    'an end after the end',
    (_req, res) => {
      res.end('once');
      res.end();
    },
    4,
  ],
])('counts a response of %s', async (_what, handle, bytesOut) => {
  expect(await metered(handle)).toEqual({ bytesIn: 0, bytesOut });
});

test('counts nothing of the answer to HEAD', async () => {
  expect(await metered((_req, res) => void res.end('hello'), { method: 'HEAD' })).toMatchObject({
    bytesOut: 0,
  });
});

test.each([
  ['with a length', {}],
  ['in chunks', { 'Transfer-Encoding': 'chunked' }],
])('counts a request’s body %s, as far as it is received', async (_how, headers) => {
  const body = Buffer.alloc(100_000, 'x');
  const counted = await metered(
    (req, res) => {
      req.resume();
      req.once('end', () => res.end());
    },
    { method: 'POST', body, headers },
  );
  expect(counted).toEqual({ bytesIn: 100_000, bytesOut: 0 });
});

test('counts on HTTP/2, each piece once', async () => {
  const server = createHttp2((req, res) => {
    const meter = BodyMeter.of(req as never, res as never);
    req.resume();
    req.once('end', () => {
      res.write('ab');
      res.end('cde');
      server.emit('counted', meter.bytesIn, meter.bytesOut);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => server.close());
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  cleanup(() => client.close());
  const counted = once(server, 'counted');
  const stream = client.request({ ':method': 'POST' });
  stream.resume();
  stream.end('hello');
  expect(await counted).toEqual([5, 5]);
  await once(stream, 'close');
});
