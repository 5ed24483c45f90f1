import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { signatureSchema } from '../../src/authenticate/signature-options.js';
import { signatureVerifier } from '../../src/authenticate/signature-verifier.js';
import { contextOf } from '../../src/core/context.js';
import { cleanup, serve } from '../helpers.js';
import { guarded, keys, type SignatureOptions, signed } from './signature-support.js';

const body = 'x'.repeat(1000);

/** What the verifier makes of the next request: its verdict, or the code of its refusal. */
async function verifying(options: Partial<SignatureOptions> = {}) {
  const verify = signatureVerifier(signatureSchema.parse({ keys, ...options }));
  let settle: (verdict: unknown) => void;
  const settled = new Promise((resolve) => {
    settle = resolve;
  });
  const server = await serve((req: IncomingMessage, res: ServerResponse) => {
    Promise.resolve(verify(req, contextOf(req, res))).then(
      (verdict) => settle(verdict),
      (error) => settle(error.code),
    );
  });
  return { ...server, settled };
}

/** A connection on which the head of a signed request has been sent, and this much of its body. */
async function begun(port: number, framing: string, sent: string): Promise<Socket> {
  const { headers } = signed(`http://127.0.0.1:${port}`, '/', { body });
  const fields = Object.entries({ ...headers, Host: `127.0.0.1:${port}` });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanup(() => socket.destroy());
  await once(socket, 'connect');
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`POST / HTTP/1.1\r\n${head}${framing}\r\n\r\n${sent}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return socket;
}

const framings = [
  ['with a length', 'Content-Length: 1000', body.slice(0, 500)],
  ['chunked', 'Transfer-Encoding: chunked', `1f4\r\n${body.slice(0, 500)}\r\n`],
  ['of which nothing has come', 'Content-Length: 1000', ''],
] as const;

const ways: [string, (socket: Socket) => void][] = [
  ['its connection is cut', (socket) => socket.resetAndDestroy()],
  ['its client hangs up', (socket) => void socket.end()],
  ['its connection is destroyed', (socket) => void socket.destroy()],
];

describe.each(framings)('a body %s', (_name, framing, sent) => {
  test.each(ways)('that ends early since %s: an end, and nobody is let in', async (_way, cut) => {
    const { port, settled } = await verifying();
    cut(await begun(port, framing, sent));
    expect(await settled).toBe('ERR_GATEWAY_BAD_REQUEST');
  });

  test.each(ways)('whose nonce is being looked up when %s: an end', async (_way, cut) => {
    const { promise, resolve } = gate();
    const { port, settled } = await verifying({ nonces: { remember: () => promise } });
    const socket = await begun(port, framing, sent);
    cut(socket);
    await new Promise((done) => setTimeout(done, 50));
    resolve(true);
    expect(await settled).toBe('ERR_GATEWAY_BAD_REQUEST');
  });
});

function gate() {
  let resolve: (fresh: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test('a body that is cut leaves nothing behind: no rejection, no error, no listener', async () => {
  const trouble = jest.fn();
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, trouble);
    cleanup(() => process.off(event, trouble));
  }
  const last = jest.fn();
  const { port, server } = await guarded({}, last);
  const requests: IncomingMessage[] = [];
  server.prependListener('request', (req) => requests.push(req));
  for (const [, framing, sent] of framings) {
    for (const [, cut] of ways) cut(await begun(port, framing, sent));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(requests).toHaveLength(9);
  for (const req of requests) {
    expect([req.listenerCount('readable'), req.listenerCount('error'), req.listenerCount('end')]).toEqual([
      0, 0, 0,
    ]);
  }
  expect([trouble.mock.calls, last.mock.calls]).toEqual([[], []]);
});

test('a body whose request the server itself destroys: an end', async () => {
  const { port, server, settled } = await verifying();
  server.prependListener('request', (req) => setTimeout(() => req.destroy(), 20));
  await begun(port, 'Content-Length: 1000', body.slice(0, 500));
  expect(await settled).toBe('ERR_GATEWAY_BAD_REQUEST');
});

test('a body that is too short is wrong even where its end is no surprise', async () => {
  const { port, settled } = await verifying();
  await begun(port, 'Content-Length: 500', body.slice(0, 500));
  expect(await settled).toMatchObject({ message: 'Body does not match Content-Digest' });
});

test('a chunk that is malformed: an end', async () => {
  const { port, settled } = await verifying();
  await begun(port, 'Transfer-Encoding: chunked', '5\r\nabcdefgh\r\n');
  expect(await settled).toBe('ERR_GATEWAY_BAD_REQUEST');
});
