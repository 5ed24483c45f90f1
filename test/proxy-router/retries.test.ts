import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { ServiceOptions } from 'gatewright/proxy-router';
import { send, serve } from '../helpers.js';
import { gateway, keepWarnings, rawUpstream, upstream } from './support.js';

type Answering = (req: IncomingMessage, res: ServerResponse) => void;

/** A target that nobody listens at. */
async function gone(): Promise<string> {
  const { url, server } = await serve(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  return url;
}

/** A router in front of several targets, which are tried without a wait between. */
async function several(targets: readonly string[], options: Partial<ServiceOptions> = {}) {
  const retries = options.retries === false ? false : { backoffMs: 0, ...options.retries };
  const { logger, lines } = keepWarnings();
  const at = await gateway({
    services: { '/': { targets: [...targets], ejection: false, ...options, retries } },
    logger,
  });
  return { ...at, lines };
}

const saying = (status: number, headers: Record<string, string> = {}): Answering =>
  function answer(_req, res) {
    res.writeHead(status, headers).end(String(status));
  };

describe('a request whose target fails before it answers', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('is answered by another one: %s', async (method) => {
    const well = await upstream();
    const { url } = await several([await gone(), well.url]);
    for (let turn = 0; turn < 4; turn += 1) expect((await send(url, '/x', { method })).status).toBe(200);
    expect(well.seen).toHaveLength(4);
  });

  test('is not sent again where that could do something twice', async () => {
    const dying = await rawUpstream((socket) => socket.destroy());
    const well = await upstream();
    const { url } = await several([dying.url, well.url]);
    const statuses = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await send(url, '/', { body: `${turn}` })).status);
    expect(statuses).toEqual([502, 200, 502, 200]);
    expect(well.seen.map(({ body }) => body)).toEqual(['1', '3']);
  });

  test('is sent again, body and all, where its client says that it may be', async () => {
    const dying = await rawUpstream((socket) => socket.destroy());
    const well = await upstream();
    const { url } = await several([dying.url, well.url]);
    const headers = { 'Idempotency-Key': 'once', 'Content-Length': '5' };
    for (const body of ['first', 'other']) expect((await send(url, '/', { body, headers })).status).toBe(200);
    expect(well.seen.map(({ body, method }) => [method, body])).toEqual([
      ['POST', 'first'],
      ['POST', 'other'],
    ]);
  });

  test('is not sent again where its body was too long to be kept', async () => {
    const well = await upstream();
    const { url } = await several([await gone(), well.url], { retries: { maxBodyBytes: 4 } });
    const put = (body: string) =>
      send(url, '/', { method: 'PUT', body, headers: { 'Content-Length': String(body.length) } });
    const statusesOf = async (body: string) => [(await put(body)).status, (await put(body)).status].sort();
    expect(await statusesOf('four')).toEqual([200, 200]);
    expect(await statusesOf('long!')).toEqual([200, 502]);
  });

  test('is answered 502 when all have failed, each of them tried once', async () => {
    const { url, lines } = await several([await gone(), await gone(), await gone()], {
      retries: { attempts: 5 },
    });
    const answer = await send(url, '/');
    expect([answer.status, answer.body]).toEqual([502, '{"error":"Bad gateway","service":"root"}']);
    expect(lines).toHaveLength(1);
  });

  test('is tried no more often than allowed', async () => {
    const well = await upstream();
    const targets = [await gone(), await gone(), await gone(), well.url];
    const { url } = await several(targets, { retries: { attempts: 1 } });
    const statuses = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await send(url, '/')).status);
    expect(statuses.filter((status) => status === 200).length).toBeLessThan(4);
    expect(well.seen.length).toBe(statuses.filter((status) => status === 200).length);
  });

  test('is not tried again where retries are off', async () => {
    const well = await upstream();
    const { url } = await several([await gone(), well.url], { retries: false });
    expect([(await send(url, '/')).status, (await send(url, '/')).status].sort()).toEqual([200, 502]);
  });

  test('is sent again to the same target where a kept connection was closed at that moment', async () => {
    let requests = 0;
    const { url: target, sockets } = await rawUpstream((socket) => {
      requests += 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      // The next request on this connection finds it closed.
      socket.once('data', () => socket.destroy());
    });
    const { url } = await several([target]);
    expect((await send(url, '/')).body).toBe('ok');
    expect((await send(url, '/')).body).toBe('ok');
    expect([requests, sockets.length]).toEqual([2, 2]);
  });

  test('leaves the attempts on the request', async () => {
    const well = await upstream();
    const seen: unknown[] = [];
    const { url } = await gateway(
      {
        services: {
          '/': { targets: [await gone(), well.url], retries: { backoffMs: 0 }, ejection: false },
        },
      },
      (req, res, next) => {
        res.once('close', () => seen.push(req.gateway?.upstream));
        next();
      },
    );
    await send(url, '/');
    await send(url, '/');
    expect(seen).toMatchObject([
      { target: well.url, attempts: 2 },
      { target: well.url, attempts: 1 },
    ]);
  });
});

describe('an answer that says that another target may be asked', () => {
  test('is not relayed while there is one', async () => {
    const busy = await upstream(saying(503));
    const well = await upstream();
    const { url } = await several([busy.url, well.url]);
    for (let turn = 0; turn < 4; turn += 1) expect((await send(url, '/')).body).toBe('from upstream');
    expect(busy.seen.length).toBeGreaterThan(0);
  });

  test('is relayed when all say it', async () => {
    const { url } = await several([(await upstream(saying(503))).url, (await upstream(saying(503))).url]);
    const answer = await send(url, '/');
    expect([answer.status, answer.body]).toEqual([503, '503']);
  });

  test.each([
    ['1', 503],
    ['0', 200],
    ['soon', 503],
    [new Date(Date.now() + 3_600_000).toUTCString(), 503],
    [new Date(Date.now() - 3_600_000).toUTCString(), 200],
  ])('with `Retry-After: %s`', async (after, status) => {
    const busy = await upstream(saying(503, { 'Retry-After': after }));
    const well = await upstream();
    const { url } = await several([busy.url, well.url]);
    const answer = await send(url, '/');
    expect(answer.status).toBe(status);
    if (status === 503) expect(answer.headers['retry-after']).toBe(after);
  });

  test('is relayed if its status is not one of those', async () => {
    const broken = await upstream(saying(500));
    const { url } = await several([broken.url, broken.url.replace('127.0.0.1', 'localhost')]);
    expect((await send(url, '/')).status).toBe(500);
    expect(broken.seen).toHaveLength(1);
  });
});

test('retries have a budget, so that a failing service is not hit by a multiple of its traffic', async () => {
  const dead = [
    await rawUpstream((socket) => socket.destroy()),
    await rawUpstream((socket) => socket.destroy()),
  ];
  const { url } = await several(
    dead.map((each) => each.url),
    { retries: { attempts: 1, budgetPerSecond: 0, budgetRatio: 0.2 } },
  );
  for (let turn = 0; turn < 20; turn += 1) expect((await send(url, '/')).status).toBe(502);
  const tries = dead.reduce((sum, { sockets }) => sum + sockets.length, 0);
  // Each request saves a fifth of a retry, and what is saved fades a little.
  expect(tries).toBeGreaterThanOrEqual(21);
  expect(tries).toBeLessThanOrEqual(24);
});

describe('hedging', () => {
  test('asks a second target where the first is slow, and takes whichever answers', async () => {
    const slow = await upstream(() => undefined);
    const well = await upstream();
    const { url } = await several([slow.url, well.url], { retries: { hedgeAfterMs: 5 } });
    for (let turn = 0; turn < 4; turn += 1) expect((await send(url, '/')).body).toBe('from upstream');
    expect(slow.seen.length).toBeGreaterThan(0);
    expect(well.seen).toHaveLength(4);
  });

  test('is not for what may be done only once', async () => {
    let release: (() => void) | undefined;
    const slow = await upstream((_req, res) => {
      release = () => res.end('late');
    });
    const well = await upstream();
    const { url } = await several([slow.url, well.url], { retries: { hedgeAfterMs: 1 } });
    const first = send(url, '/', { body: 'once' });
    // Two others that are answered meanwhile: were there a hedge, the target that is well would have three requests.
    await send(url, '/', { body: 'second' });
    release?.();
    expect((await first).body).toBe('late');
    expect(well.seen).toHaveLength(1);
  });
});
