import { EventEmitter, once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { Ending, Middleware } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup, mounts, serve } from '../helpers.js';
import { idle, keepWarnings, nobody, routerOf } from './support.js';

/** A client that leaves when it is told to. */
function visit(port: number, method = 'GET'): ClientRequest {
  const client = request({ port, method, agent: false, headers: { 'X-Request-Id': 'visitor' } });
  client.on('error', () => undefined);
  cleanup(() => client.destroy());
  return client;
}

describe.each(mounts)('%s', (_name, mount) => {
  /** A gateway whose upstream tells of every request, and whose failures and endings are kept. */
  async function observed(before: Middleware = (_req, _res, next) => next()) {
    const asked = new EventEmitter();
    const up = await serve((req, res) => asked.emit('request', req, res));
    const failures: unknown[] = [];
    const { logger, lines } = keepWarnings();
    const router = routerOf({
      services: { '/': up.url },
      onError: (error) => failures.push(error),
      logger,
    });
    const told = new EventEmitter();
    const listener = mount((req, res, next) => {
      contextOf(req, res).outcome.onEnd((ending) => told.emit('end', ending));
      before(req, res, () => router(req, res, next));
    }, nobody);
    const server = await serve(listener);
    const ended = once(told, 'end') as Promise<[Ending]>;
    const asking = once(asked, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    return {
      port: server.port,
      ended,
      request: asking,
      failures,
      lines,
      servers: [up.server, server.server],
      close: router.close,
    };
  }

  /** Nothing of the request may be left, and nobody is told of a failure that was none. */
  async function expectAborted({ ended, failures, lines, servers }: Awaited<ReturnType<typeof observed>>) {
    expect(await ended).toEqual(['aborted']);
    for (const server of servers) await idle(server);
    expect([failures, lines]).toEqual([[], []]);
  }

  test('aborts the upstream request when the client disconnects while it waits', async () => {
    const gateway = await observed();
    const client = visit(gateway.port);
    client.end();
    const [, res] = await gateway.request;
    client.destroy();
    await once(res, 'close');
    expect(res.writableFinished).toBe(false);
    await expectAborted(gateway);
  });

  test('aborts the upstream request when the client disconnects during a stream', async () => {
    const gateway = await observed();
    const client = visit(gateway.port);
    client.end();
    const [, res] = await gateway.request;
    res.write('data: one\n\n');
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    await once(answer, 'data');
    client.destroy();
    await once(res, 'close');
    expect(res.writableFinished).toBe(false);
    await expectAborted(gateway);
  });

  test('aborts the upstream request when the client disconnects during an upload', async () => {
    const gateway = await observed();
    const client = visit(gateway.port, 'POST');
    client.write('the beginning');
    const [req] = await gateway.request;
    await once(req, 'data');
    const broken = once(req, 'error');
    client.destroy();
    expect(String((await broken)[0])).toBe('Error: aborted');
    expect(req.complete).toBe(false);
    await expectAborted(gateway);
  });

  test('aborts the upstream request when the client stops reading and leaves', async () => {
    const gateway = await observed();
    const client = visit(gateway.port);
    client.end();
    const [, res] = await gateway.request;
    res.flushHeaders();
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    while (res.write(Buffer.alloc(65_536)));
    client.destroy();
    await once(res, 'close');
    await expectAborted(gateway);
  });

  test('sends nothing upstream for a client that has left before', async () => {
    const passed = new EventEmitter();
    const gateway = await observed((req, res, next) => {
      if (req.url === '/stays') return next();
      passed.emit('waiting');
      res.once('close', () => {
        next();
        passed.emit('passed');
      });
    });
    const waiting = once(passed, 'waiting');
    const done = once(passed, 'passed');
    const client = visit(gateway.port);
    client.end();
    await waiting;
    client.destroy();
    await done;
    const other = request({ port: gateway.port, path: '/stays', agent: false }).end();
    const [req, res] = await gateway.request;
    expect(req.url).toBe('/stays');
    res.end();
    ((await once(other, 'response'))[0] as IncomingMessage).resume();
    await gateway.close();
    await expectAborted(gateway);
  });
});
