import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import type { TimeoutOptions } from 'gatewright/proxy-router';
import { contextOf } from '../../src/core/context.js';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { idle, nobody, resolveTo, routerOf, until } from './support.js';

const timeout = { status: 504, body: '{"error":"Gateway timeout","service":"kgot"}' };

describe.each(mounts)('%s', (_name, mount) => {
  async function gateway(target: string, timeouts: TimeoutOptions) {
    const router = routerOf({ services: { '/api/kgot': { targets: [target], timeouts } } });
    const told = new EventEmitter();
    const listener = mount((req, res, next) => {
      const context = contextOf(req, res);
      context.outcome.onEnd(() => told.emit('end', context));
      router(req, res, next);
    }, nobody);
    const ended = once(told, 'end') as Promise<[GatewayContext]>;
    return { ...(await serve(listener)), ended, router };
  }

  test('504 where the connection takes too long', async () => {
    resolveTo('upstream.test');
    const { url, server, ended } = await gateway('http://upstream.test:8000', { connectMs: 20 });
    expect(await send(url, '/api/kgot')).toMatchObject(timeout);
    const [{ outcome }] = await ended;
    expect(String(outcome.cause)).toBe('Error: Upstream connect time-out after 20 ms');
    await idle(server);
  });

  test('504 where the answer does not begin, and the upstream request is aborted', async () => {
    const asked = new EventEmitter();
    const up = await serve((_req, res) => asked.emit('request', res));
    const asking = once(asked, 'request') as Promise<[ServerResponse]>;
    const { url, server, ended } = await gateway(up.url, { firstByteMs: 20 });
    const answer = send(url, '/api/kgot', { body: 'an upload' });
    const [res] = await asking;
    await once(res, 'close');
    expect(await answer).toMatchObject(timeout);
    const [{ outcome }] = await ended;
    expect(String(outcome.cause)).toBe('Error: Upstream first byte time-out after 20 ms');
    await idle(server);
    await idle(up.server);
  });

  test('an answer that stops coming is cut, and the upstream request is aborted', async () => {
    const asked = new EventEmitter();
    const up = await serve((_req, res) => {
      res.write('the beginning');
      res.once('close', () => asked.emit('close', res.writableFinished));
    });
    const closing = once(asked, 'close');
    const { port, server, ended } = await gateway(up.url, { idleMs: 20 });
    const client = request({ port, path: '/api/kgot', agent: false }).end();
    cleanup(() => client.destroy());
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    answer.resume();
    const [error] = await once(answer, 'error');
    expect([String(error), answer.complete]).toEqual(['Error: aborted', false]);
    const [{ outcome }] = await ended;
    expect(outcome.ending).toBe('failed');
    expect(String(outcome.cause)).toBe('Error: Upstream idle time-out after 20 ms');
    expect(await closing).toEqual([false]);
    await idle(server);
    await idle(up.server);
  });
});

test('a time-out ends when what it is about has happened, and begins anew with each piece', async () => {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
  cleanup(() => jest.useRealTimers());
  const asked = new EventEmitter();
  const { url } = await serve((_req, res) => asked.emit('request', res));
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const timeouts = { connectMs: 1000, firstByteMs: 1000, idleMs: 1000 };
  const router = routerOf({ services: { '/': { targets: [url], timeouts } } });
  const { port } = await serve((req, res) => router(req, res, () => undefined));
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [res] = await asking;

  jest.advanceTimersByTime(999);
  res.flushHeaders();
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  for (const piece of ['one', 'two', 'three']) {
    jest.advanceTimersByTime(999);
    res.write(piece);
    expect(String((await once(answer, 'data'))[0])).toBe(piece);
  }
  jest.advanceTimersByTime(999);
  res.end();
  await once(answer, 'end');
  expect(answer.complete).toBe(true);
  await until(() => jest.getTimerCount() === 0);
});
