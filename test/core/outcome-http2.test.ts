import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Stream, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Outcome } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup } from '../helpers.js';

/** What is told of one response on HTTP/2, in order, when it has ended. */
function observe(
  answer: (res: ServerResponse, outcome: Outcome) => void,
  client: (stream: ClientHttp2Stream) => unknown,
): Promise<string[]> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      const [req, res] = [request, response] as unknown as [IncomingMessage, ServerResponse];
      const { outcome } = contextOf(req, res);
      const calls: string[] = [];
      outcome.onHeaders(() => calls.push(`headers: ${outcome.status}`));
      outcome.onEnd((ending) => {
        calls.push(`end: ${ending} ${outcome.status}`);
        setImmediate(() => resolve(calls));
      });
      answer(res, outcome);
    });
    server.listen(0, '127.0.0.1', () => {
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      cleanup(() => {
        session.destroy();
        server.close();
      });
      client(session.request({ ':path': '/' }).on('error', () => undefined));
    });
  });
}

test('finished', async () => {
  const calls = await observe(
    (res) => res.end('done'),
    (stream) => stream.resume(),
  );
  expect(calls).toEqual(['headers: 200', 'end: finished 200']);
});

test('aborted by the client before headers', async () => {
  let client: ClientHttp2Stream;
  const calls = await observe(
    () => client.close(8),
    (stream) => {
      client = stream;
    },
  );
  expect(calls).toEqual(['end: aborted 499']);
});

test('aborted by the client after headers', async () => {
  const calls = await observe(
    (res) => res.write('the beginning'),
    (stream) => stream.once('data', () => stream.close(8)),
  );
  expect(calls).toEqual(['headers: 200', 'end: aborted 200']);
});

test('aborted by the client while the rest of a whole answer is on its way', async () => {
  const calls = await observe(
    (res) => res.end(Buffer.alloc(20_000_000)),
    (stream) => stream.once('data', () => stream.close(8)),
  );
  expect(calls).toEqual(['headers: 200', 'end: aborted 200']);
});

test('failed, where what produces the answer broke', async () => {
  const calls = await observe(
    (res, outcome) => {
      res.write('the beginning');
      outcome.fail(new Error('upstream reset'));
      res.destroy();
    },
    (stream) => stream.resume(),
  );
  expect(calls).toEqual(['headers: 200', 'end: failed 200']);
});
