import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { createGateway, type GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';
import { opened, refused, webSockets } from '../websocket/support.js';
import { gatewayOf, upstream } from './support.js';

const open = { authenticate: false, rateLimit: false } as const;

/** A gateway with a service that hangs until it is told, and one that answers at once. */
async function withSlow(options: Partial<GatewayOptions> = {}, slow: object = {}) {
  const held: ServerResponse[] = [];
  const hanging = await upstream((_req, res) => void held.push(res));
  const quick = await upstream();
  const gateway = gatewayOf({
    ...open,
    ...options,
    services: { '/slow': { targets: [hanging.url], ...slow }, '/quick': quick.url },
  });
  const { url } = await serve(gateway.listener);
  return { gateway, url, held, hanging };
}

test('a service that hangs takes its own places, and nobody else’s', async () => {
  const { url, held, gateway, hanging } = await withSlow({}, { bulkhead: { maxConcurrent: 2 } });
  const answers = [send(url, '/slow'), send(url, '/slow')];
  await eventually(() => expect(held).toHaveLength(2));
  for (let at = 0; at < 5; at += 1) expect((await send(url, '/slow')).status).toBe(503);
  for (let at = 0; at < 5; at += 1) expect((await send(url, '/quick')).status).toBe(200);
  expect(hanging.requests).toHaveLength(2);
  expect(gateway.bulkhead?.states().get('slow')).toEqual({ running: 2, queued: 0 });
  for (const res of held) res.end();
  await Promise.all(answers);
});

test('a full bulkhead opens no breaker', async () => {
  const { url, held, gateway } = await withSlow(
    { circuitBreaker: { minimumRequests: 2 } },
    { bulkhead: { maxConcurrent: 1 } },
  );
  const answer = send(url, '/slow');
  await eventually(() => expect(held).toHaveLength(1));
  for (let at = 0; at < 10; at += 1) expect((await send(url, '/slow')).status).toBe(503);
  expect(gateway.circuitBreaker?.states().get('slow')).toBe('closed');
  held[0]?.end();
  expect((await answer).status).toBe(200);
});

test('who is refused by a breaker takes no place', async () => {
  const { url, gateway } = await withSlow({}, { bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
  await gateway.circuitBreaker?.isolate('slow');
  for (let at = 0; at < 5; at += 1) expect((await send(url, '/slow')).status).toBe(503);
  expect(gateway.bulkhead?.states().size).toBe(0);
});

test('one for all services, which one of them has not', async () => {
  const { url, held } = await withSlow({ bulkhead: { maxConcurrent: 1 } }, { bulkhead: false });
  const answers = [send(url, '/slow'), send(url, '/slow'), send(url, '/slow')];
  await eventually(() => expect(held).toHaveLength(3));
  for (const res of held) res.end();
  await Promise.all(answers);
});

test('a WebSocket holds its place while it is open', async () => {
  const up = await webSockets();
  const gateway = gatewayOf({
    ...open,
    services: { '/chat': { targets: [up.url], bulkhead: { maxConcurrent: 1 } } },
  });
  const { url, server } = await serve(gateway.listener);
  gateway.attach(server);
  const ws = await opened(url, '/chat');
  expect(await refused(url, '/chat')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  ws.close();
  await once(ws, 'close');
  await eventually(() => expect(gateway.bulkhead?.states().size).toBe(0));
  await opened(url, '/chat');
});

test('those who wait are refused when the gateway is closed', async () => {
  const { url, held, gateway } = await withSlow({}, { bulkhead: { maxConcurrent: 1, maxQueue: 1 } });
  const first = send(url, '/slow');
  await eventually(() => expect(held).toHaveLength(1));
  const second = send(url, '/slow');
  await eventually(() => expect(gateway.bulkhead?.states().get('slow')?.queued).toBe(1));
  const closed = gateway.close();
  expect((await second).status).toBe(503);
  held[0]?.end();
  await first.catch(() => undefined);
  await closed;
});

test.each<[string, Partial<GatewayOptions>, string]>([
  [
    'no places',
    { services: { '/a': { targets: ['http://127.0.0.1:1'], bulkhead: { maxConcurrent: 0 } } } },
    '`services["/a"].bulkhead.maxConcurrent` must be greater than 0, got 0.',
  ],
  [
    'limits where all are switched off',
    {
      bulkhead: false,
      services: { '/a': { targets: ['http://127.0.0.1:1'], bulkhead: { maxConcurrent: 1 } } },
    },
    '`services["/a"].bulkhead` has no effect while `bulkhead` is false.',
  ],
])('refuses %s', (_what, options, message) => {
  expect(() => createGateway({ services: { '/a': 'http://127.0.0.1:1' }, ...options })).toThrow(message);
});

test('there is none by default', async () => {
  const { gateway } = await withSlow();
  expect(gateway.bulkhead).toBeUndefined();
});
