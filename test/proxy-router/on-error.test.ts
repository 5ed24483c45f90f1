import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import type { ErrorHandler, GatewayError } from 'gatewright';
import { cleanup, send, sendRaw, serve } from '../helpers.js';
import { gateway, idle, rawUpstream, routerOf, until } from './support.js';

const gone = 'http://127.0.0.1:1';

/** The answer to a request that fails, and the errors that `onError` was called with. */
async function refused(answer: ErrorHandler, path = '/api/kgot') {
  const errors: GatewayError[] = [];
  const { port } = await gateway({
    services: { '/api/kgot': gone },
    onError: (error, ...rest) => {
      errors.push(error);
      answer(error, ...rest);
    },
  });
  const bytes = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return { bytes, errors };
}

test('onError answers instead, once', async () => {
  const { bytes, errors } = await refused((_error, _req, res) => {
    res.statusCode = 418;
    res.end('sorry');
  });
  expect(bytes.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(bytes).toMatch(/^HTTP\/1\.1 418 .*\r\n\r\nsorry$/s);
  expect(errors).toMatchObject([
    { code: 'ERR_GATEWAY_BAD_GATEWAY', status: 502, cause: { code: 'ECONNREFUSED' } },
  ]);
});

test('onError may take its time', async () => {
  const { bytes } = await refused((_error, _req, res) => setImmediate(() => res.end('later')));
  expect(bytes).toMatch(/\r\n\r\nlater$/);
});

test('onError may take its time where the upstream did answer, but not in HTTP', async () => {
  const { url, server } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 099 Low\r\nContent-Length: 9\r\n\r\nhalf'),
  );
  const { url: at } = await gateway({
    services: { '/': url },
    onError: async (_error, _req, res) => {
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      res.end('later');
    },
  });
  expect(await send(at, '/')).toMatchObject({ body: 'later' });
  await idle(server);
});

test('onError hears of a path that is refused', async () => {
  const { bytes, errors } = await refused((_error, _req, res) => res.end('no'), '/api/kgot/../x');
  expect(bytes).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nno$/s);
  expect(errors).toMatchObject([{ code: 'ERR_GATEWAY_BAD_REQUEST', status: 400 }]);
});

test('an onError that throws leaves the answer to us', async () => {
  const { bytes, errors } = await refused(() => {
    throw new Error('of the app');
  });
  expect(bytes).toMatch(/^HTTP\/1\.1 502 .*\{"error":"Bad gateway","service":"kgot"\}$/s);
  expect(errors).toHaveLength(1);
});

test('an onError that passes on what it does not know ends in the app', async () => {
  const { bytes } = await refused((_error, _req, _res, next) => next());
  expect(bytes).toMatch(/^HTTP\/1\.1 404 .*for nobody$/s);
});

describe.each([
  ['Express 5', () => express5()],
  ['Express 4', () => express4() as unknown as ReturnType<typeof express5>],
])('%s', (_name, create) => {
  test('next(error) gives the error to the app, whose own handling keeps status and secrets', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    cleanup(() => log.mockRestore());
    const app = create().set('env', 'production');
    app.use(routerOf({ services: { '/': gone }, onError: (error, _req, _res, next) => next(error) }));
    const { url } = await serve(app);
    const { status, body } = await send(url, '/');
    await until(() => log.mock.calls.length > 0); // Express logs the error a turn later.
    expect(status).toBe(502);
    expect(body).toContain('Bad Gateway');
    expect(body).not.toMatch(/127\.0\.0\.1|ECONN/);
  });
});

test('onError is not called where an answer has begun: it could not answer any more', async () => {
  const { url, sockets } = await rawUpstream((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  );
  const errors: unknown[] = [];
  const { port } = await gateway({ services: { '/': url }, onError: (error) => errors.push(error) });
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  const broken = once(answer, 'error');
  sockets[0]?.destroy();
  await broken;
  expect(errors).toEqual([]);
});
