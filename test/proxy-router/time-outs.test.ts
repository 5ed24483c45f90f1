import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { idle, nobody, resolveTo, routerOf, until } from './support.js';

const timeouts = { connectMs: 1000, firstByteMs: 2000, idleMs: 3000 };

/** Holds the clock of time-outs until it is advanced. */
function holdClock(): void {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate'] });
  cleanup(() => jest.useRealTimers());
}

const timedOut = { status: 504, body: '{"error":"Gateway timeout","service":"kgot"}' };

describe.each(mounts)('%s', (_name, mount) => {
  async function gateway(target: string) {
    const router = routerOf({ services: { '/api/kgot': { targets: [target], timeouts } } });
    const told = new EventEmitter();
    const listener = mount((req, res, next) => {
      const context = contextOf(req, res);
      context.outcome.onEnd(() => told.emit('end', context));
      router(req, res, next);
    }, nobody);
    const ended = once(told, 'end') as Promise<[GatewayContext]>;
    return { ...(await serve(listener)), ended };
  }

  /** An upstream that tells of every request, and when its answer is over. */
  async function observed(begin: (res: ServerResponse) => void) {
    const told = new EventEmitter();
    const server = await serve((_req, res) => {
      res.once('close', () => told.emit('close', res.writableFinished));
      begin(res);
      told.emit('request');
    });
    return { ...server, asked: once(told, 'request'), closed: once(told, 'close') };
  }

  test('504 where the connection takes too long', async () => {
    resolveTo('upstream.test');
    const { url, server, ended } = await gateway('http://upstream.test:8000');
    holdClock();
    const answer = send(url, '/api/kgot');
    await until(() => jest.getTimerCount() > 1); // That of the attempt, and that of its connection.
    jest.advanceTimersByTime(timeouts.connectMs);
    expect(await answer).toMatchObject(timedOut);
    const [{ outcome }] = await ended;
    expect(String(outcome.cause)).toBe('Error: Upstream connect time-out after 1000 ms');
    await idle(server);
  });

  test('504 where the answer does not begin, and the upstream request is aborted', async () => {
    const up = await observed(() => undefined);
    const { url, server, ended } = await gateway(up.url);
    holdClock();
    const answer = send(url, '/api/kgot', { body: 'an upload' });
    await up.asked;
    jest.advanceTimersByTime(timeouts.firstByteMs);
    expect(await up.closed).toEqual([false]);
    expect(await answer).toMatchObject(timedOut);
    const [{ outcome }] = await ended;
    expect(String(outcome.cause)).toBe('Error: Upstream first byte time-out after 2000 ms');
    await idle(server);
    await idle(up.server);
  });

  test('an answer that stops coming is cut, and the upstream request is aborted', async () => {
    const up = await observed((res) => res.write('the beginning'));
    const { port, server, ended } = await gateway(up.url);
    holdClock();
    const client = request({ port, path: '/api/kgot', agent: false }).end();
    cleanup(() => client.destroy());
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    await once(answer, 'data');
    const broken = once(answer, 'error');
    jest.advanceTimersByTime(timeouts.idleMs);
    expect([String((await broken)[0]), answer.complete]).toEqual(['Error: aborted', false]);
    const [{ outcome }] = await ended;
    expect(outcome.ending).toBe('failed');
    expect(String(outcome.cause)).toBe('Error: Upstream idle time-out after 3000 ms');
    expect(await up.closed).toEqual([false]);
    await idle(server);
    await idle(up.server);
  });
});

test('a time-out ends when what it is about has happened, and begins anew with each piece', async () => {
  holdClock();
  const asked = new EventEmitter();
  const { url } = await serve((_req, res) => asked.emit('request', res));
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const { firstByteMs, idleMs } = timeouts;
  const router = routerOf({ services: { '/': { targets: [url], timeouts } } });
  const { port } = await serve((req, res) => router(req, res, () => undefined));
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [res] = await asking;

  jest.advanceTimersByTime(firstByteMs - 1);
  res.flushHeaders();
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  for (const piece of ['one', 'two', 'three']) {
    jest.advanceTimersByTime(idleMs - 1);
    res.write(piece);
    expect(String((await once(answer, 'data'))[0])).toBe(piece);
  }
  jest.advanceTimersByTime(idleMs - 1);
  res.end();
  await once(answer, 'end');
  expect(answer.complete).toBe(true);
  await router.close(); // What is left is the time-out of an idle connection, at most.
  await until(() => jest.getTimerCount() === 0);
});

test('an answer that stops is cut after its idle time alone, however long its beginning might have taken', async () => {
  holdClock();
  const asked = new EventEmitter();
  const { url } = await serve((_req, res) => asked.emit('request', res));
  const asking = once(asked, 'request') as Promise<[ServerResponse]>;
  const services = { '/': { targets: [url], timeouts: { firstByteMs: 60_000, idleMs: 50 } } };
  const router = routerOf({ services });
  const { port } = await serve((req, res) => router(req, res, () => undefined));
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [res] = await asking;
  jest.advanceTimersByTime(1234);
  res.write('the beginning');
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  const broken = once(answer, 'error');
  jest.advanceTimersByTime(49);
  expect(answer.destroyed).toBe(false);
  jest.advanceTimersByTime(1);
  await broken;
  expect(answer.complete).toBe(false);
});

test('a connection that is used again has nothing to connect', async () => {
  const asked = new EventEmitter();
  const { url, server } = await serve((_req, res) => asked.emit('request', res));
  let connections = 0;
  server.on('connection', () => connections++);
  const router = routerOf({ services: { '/': { targets: [url], timeouts } } });
  const { url: at } = await serve((req, res) => router(req, res, () => undefined));
  holdClock();
  for (const body of ['first', 'second']) {
    const asking = once(asked, 'request') as Promise<[ServerResponse]>;
    const answer = send(at, '/');
    const [res] = await asking;
    jest.advanceTimersByTime(timeouts.connectMs);
    res.end(body);
    expect(await answer).toMatchObject({ status: 200, body });
  }
  expect(connections).toBe(1);
});
