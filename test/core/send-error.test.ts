import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, jest, test } from '@jest/globals';
import { authenticate, type ErrorHandler, GatewayError } from 'gatewright';
import {
  AuthenticationError,
  BadGatewayError,
  NotFoundError,
  PermissionError,
  RateLimitError,
} from '../../src/core/errors.js';
import { errorHandler, sendError } from '../../src/core/send-error.js';
import { mounts, send, sendRaw, serve } from '../helpers.js';

const failed = '{"error":"Authentication failed","message":"Credentials are required"}';

/** A server that refuses every request, as a factory would. */
const refusing = (error: GatewayError, options: Parameters<typeof errorHandler>[0] = {}) => {
  const refuse = errorHandler(options);
  return serve((req, res) => refuse(error, req, res, () => res.end('passed on')));
};

test.each(mounts)('answers at once in JSON: %s', async (_name, mount) => {
  const last = jest.fn((_req: IncomingMessage, res: ServerResponse) => {
    res.end();
  });
  const { url } = await serve(mount(authenticate(), last));
  const answer = await send(url, '/');
  expect(answer).toMatchObject({ status: 401, body: failed });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(failed.length),
    'www-authenticate': 'Bearer realm="gateway"',
  });
  expect(last).not.toHaveBeenCalled();
});

test.each<[GatewayError, Record<string, unknown>]>([
  [
    new AuthenticationError('Invalid API key', 'Bearer'),
    {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'Invalid API key',
      code: 'ERR_GATEWAY_AUTHENTICATION_FAILED',
    },
  ],
  [
    new PermissionError('Missing a permission that is required', ['kgot:query']),
    {
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'Missing a permission that is required',
      code: 'ERR_GATEWAY_PERMISSION_DENIED',
      required: ['kgot:query'],
    },
  ],
  [
    new RateLimitError('per_minute', 45),
    {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Rate limit exceeded',
      status: 429,
      detail: 'Rate limit exceeded',
      code: 'ERR_GATEWAY_RATE_LIMIT_EXCEEDED',
      limit_type: 'per_minute',
      retry_after: 45,
      'violated-policies': ['per_minute'],
    },
  ],
])('answers in problem+json where wanted: %#', async (error, problem) => {
  const { url } = await refusing(error, { errorFormat: 'problem' });
  const answer = await send(url, '/');
  expect(answer.status).toBe(error.status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answer.body)).toEqual(problem);
});

test('sends the fields of the error, and counts bytes rather than characters', async () => {
  const { url } = await refusing(new RateLimitError('concurrent', 1));
  expect((await send(url, '/')).headers['retry-after']).toBe('1');
  const { url: other } = await refusing(new AuthenticationError('schlüssel', 'Bearer'));
  const { body, headers } = await send(other, '/');
  expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
  expect(JSON.parse(body).message).toBe('schlüssel');
});

test('answers HEAD with the fields alone', async () => {
  const { url } = await refusing(new NotFoundError());
  const answer = await send(url, '/', { method: 'HEAD' });
  expect(answer).toMatchObject({ status: 404, body: '' });
  expect(answer.headers['content-length']).toBe('21');
});

test.each(mounts)('onError replaces the answer: %s', async (_name, mount) => {
  const onError = jest.fn<ErrorHandler>((error, _req, res) => {
    res.statusCode = error.status;
    res.end(`no: ${error.code}`);
  });
  const { url } = await serve(mount(authenticate({ onError }), (_req, res) => res.end()));
  const answer = await send(url, '/');
  expect(answer).toMatchObject({ status: 401, body: 'no: ERR_GATEWAY_AUTHENTICATION_FAILED' });
  expect(onError).toHaveBeenCalledTimes(1);
  expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(GatewayError);
});

test.each(mounts.filter(([name]) => name.startsWith('Express')))(
  'an error that onError passes on is answered with its status and fields: %s',
  async (_name, mount) => {
    const onError: ErrorHandler = (error, _req, _res, next) => next(error);
    const { url } = await serve(mount(authenticate({ onError }), (_req, res) => res.end()));
    const answer = await send(url, '/');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gateway"');
  },
);

test('onError that throws falls back to the default answer', async () => {
  const onError = () => {
    throw new Error('handler is broken');
  };
  const { url } = await refusing(new NotFoundError(), { onError, errorFormat: 'problem' });
  const answer = await send(url, '/');
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body)).toMatchObject({ title: 'Not Found', code: 'ERR_GATEWAY_NOT_FOUND' });
});

test('onError that throws when it has answered does not harm its answer', async () => {
  const long = 'x'.repeat(5_000_000);
  const onError: ErrorHandler = (_error, _req, res) => {
    res.end(long);
    throw new Error('handler is broken');
  };
  const { url } = await refusing(new NotFoundError(), { onError });
  expect((await send(url, '/')).body).toBe(long);
});

test('cuts the connection where an answer has already begun', async () => {
  const { port, server } = await serve(async (_req, res) => {
    res.writeHead(200, { 'Content-Length': 100 });
    res.write('the beginning');
    sendError(new BadGatewayError('kgot'), res);
  });
  const connection = once(server, 'connection');
  const received = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(received).not.toContain('Bad gateway');
  expect((await connection)[0].destroyed).toBe(true);
});
