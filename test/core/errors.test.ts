import { expect, test } from '@jest/globals';
import { GatewayError } from 'gatewright';
import {
  AuthenticationError,
  BadGatewayError,
  BadRequestError,
  GatewayTimeoutError,
  InternalError,
  MethodNotAllowedError,
  NotFoundError,
  PayloadTooLargeError,
  PermissionError,
  RateLimitError,
  ServiceUnavailableError,
} from '../../src/core/errors.js';

const broken = new Error('connect ECONNREFUSED 10.0.0.7:16000');

test.each<[GatewayError, number, string, string, Record<string, string>]>([
  [
    new BadRequestError('The path can be read in more than one way'),
    400,
    'ERR_GATEWAY_BAD_REQUEST',
    '{"error":"Bad request","message":"The path can be read in more than one way"}',
    {},
  ],
  [
    new AuthenticationError('Invalid API key', 'Bearer realm="gateway"'),
    401,
    'ERR_GATEWAY_AUTHENTICATION_FAILED',
    '{"error":"Authentication failed","message":"Invalid API key"}',
    { 'WWW-Authenticate': 'Bearer realm="gateway"' },
  ],
  [
    new PermissionError('Missing a permission that is required', ['kgot:query']),
    403,
    'ERR_GATEWAY_PERMISSION_DENIED',
    '{"error":"Permission denied","message":"Missing a permission that is required","required":["kgot:query"]}',
    {},
  ],
  [new NotFoundError(), 404, 'ERR_GATEWAY_NOT_FOUND', '{"error":"Not found"}', {}],
  [
    new MethodNotAllowedError('GET, HEAD'),
    405,
    'ERR_GATEWAY_METHOD_NOT_ALLOWED',
    '{"error":"Method not allowed"}',
    { Allow: 'GET, HEAD' },
  ],
  [
    new PayloadTooLargeError(1_048_576),
    413,
    'ERR_GATEWAY_PAYLOAD_TOO_LARGE',
    '{"error":"Payload too large","limit_bytes":1048576}',
    {},
  ],
  [
    new RateLimitError('per_minute', 45),
    429,
    'ERR_GATEWAY_RATE_LIMIT_EXCEEDED',
    '{"error":"Rate limit exceeded","limit_type":"per_minute","retry_after":45}',
    { 'Retry-After': '45' },
  ],
  [new InternalError(broken), 500, 'ERR_GATEWAY_INTERNAL', '{"error":"Internal server error"}', {}],
  [
    new BadGatewayError('kgot', broken),
    502,
    'ERR_GATEWAY_BAD_GATEWAY',
    '{"error":"Bad gateway","service":"kgot"}',
    {},
  ],
  [
    new ServiceUnavailableError('kgot', 10),
    503,
    'ERR_GATEWAY_SERVICE_UNAVAILABLE',
    '{"error":"Service temporarily unavailable","service":"kgot"}',
    { 'Retry-After': '10' },
  ],
  [
    new GatewayTimeoutError('kgot', broken),
    504,
    'ERR_GATEWAY_TIMEOUT',
    '{"error":"Gateway timeout","service":"kgot"}',
    {},
  ],
])('%s: %d %s', (error, status, code, body, headers) => {
  expect(error).toBeInstanceOf(GatewayError);
  expect(error).toMatchObject({ status, code, headers });
  expect(JSON.stringify(error.body)).toBe(body);
});

test('keeps the cause for logs, and out of message and body', () => {
  const error = new BadGatewayError('kgot', broken);
  expect(error.cause).toBe(broken);
  expect(error.message + JSON.stringify(error.body)).not.toContain('10.0.0.7');
});

test('traces no stack, which the code makes needless, and leaves other errors theirs', () => {
  const refusal = new BadRequestError('No');
  expect(refusal.stack).toBe('GatewayError: Bad Request');
  expect(new InternalError(broken).cause).toHaveProperty('stack', broken.stack);
  expect(new Error('after').stack).toMatch(/\n +at /);
});
