import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { idle, nobody, rawUpstream, routerOf } from './support.js';

const head = 'HTTP/1.1 200 OK\r\nX-From: upstream\r\n';

describe.each(mounts)('%s', (_name, mount) => {
  /** The answer of an upstream that is cut when the client has its beginning. */
  async function cut(bytes: string, end: 'end' | 'destroy' | 'resetAndDestroy') {
    const { url, sockets, server: theirs } = await rawUpstream((socket) => socket.write(bytes, 'latin1'));
    const told = new EventEmitter();
    const failures: unknown[] = [];
    const router = routerOf({ services: { '/': url }, onError: (error) => failures.push(error) });
    const listener = mount((req, res, next) => {
      const context = contextOf(req, res);
      context.outcome.onEnd(() => told.emit('end', context));
      router(req, res, next);
    }, nobody);
    const { port, server: ours } = await serve(listener);
    const ended = once(told, 'end') as Promise<[GatewayContext]>;
    const client = request({ port, agent: false }).end();
    cleanup(() => client.destroy());
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    let received = '';
    answer.on('data', (chunk) => {
      received += chunk;
    });
    await once(answer, 'data');
    const broken = once(answer, 'error');
    sockets[0]?.[end]();
    const [error] = await broken;
    const [{ outcome, upstream }] = await ended;
    await idle(ours);
    await idle(theirs);
    return { answer, received, error, outcome, upstream, failures };
  }

  test.each([
    ['before the length it promised, closed', `${head}Content-Length: 100\r\n\r\nthe beginning`, 'end'],
    [
      'before the length it promised, reset',
      `${head}Content-Length: 100\r\n\r\nthe beginning`,
      'resetAndDestroy',
    ],
    [
      'without the last chunk, closed',
      `${head}Transfer-Encoding: chunked\r\n\r\nd\r\nthe beginning\r\n`,
      'end',
    ],
    ['inside a chunk', `${head}Transfer-Encoding: chunked\r\n\r\nff\r\nthe beginning`, 'destroy'],
  ] as const)('an answer that ends %s, is cut for the client too', async (_what, bytes, end) => {
    const { answer, received, error, outcome, failures } = await cut(bytes, end);
    expect([answer.complete, received, String(error)]).toEqual([false, 'the beginning', 'Error: aborted']);
    expect([outcome.ending, outcome.status]).toEqual(['failed', 200]);
    expect(String(outcome.cause)).toMatch(/^(?:Socket)?Error: /);
    expect(failures).toEqual([]);
  });
});

test('a chunk that cannot be read cuts the answer', async () => {
  const bytes = `${head}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`;
  const { url, sockets } = await rawUpstream((socket) => socket.write(bytes));
  const router = routerOf({ services: { '/': url } });
  const { port } = await serve((req, res) => router(req, res, () => undefined));
  const client = request({ port, agent: false }).end();
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  const broken = once(answer, 'error');
  sockets[0]?.write('not a length\r\n');
  await broken;
  expect(answer.complete).toBe(false);
});

test('the next request works', async () => {
  let first = true;
  const { url } = await rawUpstream((socket) => {
    if (first) socket.end(`${head}Content-Length: 100\r\n\r\nthe beginning`);
    else socket.write(`${head}Content-Length: 5\r\n\r\nwhole`);
    first = false;
  });
  const router = routerOf({ services: { '/': url } });
  const { url: at } = await serve((req, res) => router(req, res, () => undefined));
  await expect(send(at, '/')).rejects.toThrow('aborted');
  expect(await send(at, '/')).toMatchObject({ status: 200, body: 'whole' });
});
