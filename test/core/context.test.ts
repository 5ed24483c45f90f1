import { expect, test } from '@jest/globals';
import { analytics, authenticate, type GatewayContext, rateLimit } from 'gatewright';
import { compileTrustProxy } from '../../src/core/client-ip.js';
import { contextOf } from '../../src/core/context.js';
import { mounts, send, sendRaw, serve } from '../helpers.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A server that answers with the request id it has. */
const echo = () => serve((req, res) => res.end(contextOf(req, res).id));

test.each([
  ['a word', 'abc'],
  ['a UUID', '0b6f1c7e-9d0c-4d3e-8f3c-2b1a0c9d8e7f'],
  ['an ARN-like id', 'Root=1-67891233-abcdef012345678912345678'],
  ['what base64 makes', 'aGVsbG8/d29ybGQ+Cg=='.replace('?', '/')],
  ['128 characters', 'x'.repeat(128)],
])('takes a request id over that is %s', async (_what, id) => {
  const { url } = await echo();
  const answer = await send(url, '/', { headers: { 'X-Request-Id': id } });
  expect(answer.body).toBe(id);
  expect(answer.headers['x-request-id']).toBe(id);
});

test.each<[string, string | string[]]>([
  ['empty', ''],
  ['129 characters long', 'x'.repeat(129)],
  ['two words', 'one two'],
  ['markup', '<b>'],
  ['a log line in quotes', 'a" status="200'],
  ['beyond ASCII', 'caf\xe9'],
  ['given twice', ['one', 'two']],
])('makes a new request id where the client’s is %s', async (_what, id) => {
  const { url } = await echo();
  const answer = await send(url, '/', { headers: { 'X-Request-Id': id } });
  expect(answer.body).toMatch(uuid);
  expect(answer.headers['x-request-id']).toBe(answer.body);
});

test('makes a new request id where the client’s has a control character', async () => {
  const { port } = await echo();
  const answer = await sendRaw(
    port,
    'GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\tb\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^X-Request-Id: [0-9a-f-]{36}\r$/m);
});

test('makes a request id where the client has none, another for each request', async () => {
  const { url } = await echo();
  const [one, two] = await Promise.all([send(url, '/'), send(url, '/')]);
  expect(one.body).toMatch(uuid);
  expect(two.body).not.toBe(one.body);
});

test.each(mounts)('is one record for all middlewares: %s', async (_name, mount) => {
  const seen: unknown[] = [];
  const stack = [analytics(), rateLimit()];
  const { url } = await serve(
    mount(
      (req, res, next) =>
        stack[0]?.(req, res, () => {
          seen.push(req.gateway);
          stack[1]?.(req, res, next);
        }),
      (req, res) => {
        seen.push(req.gateway);
        res.end();
      },
    ),
  );
  await send(url, '/');
  expect(seen).toHaveLength(2);
  expect(seen[0]).toBeDefined();
  expect(seen[1]).toBe(seen[0]);
});

test('an explicit trustProxy of a later middleware is better than the default of an earlier one', async () => {
  const addresses: (string | undefined)[] = [];
  const first = analytics();
  const second = authenticate({ trustProxy: 'loopback', anonymous: { paths: ['/'] } });
  const { url } = await serve((req, res) =>
    first(req, res, () => {
      addresses.push(req.gateway?.clientIp);
      second(req, res, () => {
        addresses.push(req.gateway?.clientIp);
        res.end();
      });
    }),
  );
  await send(url, '/', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
  expect(addresses).toEqual(['127.0.0.1', '203.0.113.9']);
});

test('the first explicit trustProxy stays', async () => {
  const { url } = await serve((req, res) => {
    contextOf(req, res, compileTrustProxy('loopback'));
    contextOf(req, res, compileTrustProxy('10.0.0.0/8'));
    contextOf(req, res);
    res.end(req.gateway?.clientIp);
  });
  const { body } = await send(url, '/', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
  expect(body).toBe('203.0.113.9');
});

test('can be made when the answer has begun', async () => {
  let context: GatewayContext | undefined;
  const { url } = await serve((req, res) => {
    res.writeHead(202);
    context = contextOf(req, res);
    res.end();
  });
  const answer = await send(url, '/');
  expect(answer.headers['x-request-id']).toBeUndefined();
  expect(context?.id).toMatch(uuid);
  expect(context?.outcome.status).toBe(202);
});

test('the subject is who the request is known to be by then', async () => {
  const seen: string[] = [];
  const { url } = await serve((req, res) => {
    const context = contextOf(req, res);
    const look = (): void => void seen.push(context.subject);
    look();
    contextOf(req, res, compileTrustProxy(true)); // Now the client is another.
    look();
    const identity = { id: 'alice', method: 'api-key', tier: 'free', permissions: [], metadata: {} } as const;
    context.identity = identity;
    look();
    context.identity = { ...identity, id: 'bob' };
    look();
    context.identity = { ...identity, method: 'anonymous' };
    look();
    res.end();
  });
  await send(url, '/', { headers: { 'X-Forwarded-For': '192.0.2.9' } });
  expect(seen).toEqual(['ip:127.0.0.1', 'ip:192.0.2.9', 'key:alice', 'key:bob', 'ip:192.0.2.9']);
});
