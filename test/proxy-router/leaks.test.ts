import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { expect, test } from '@jest/globals';
import { cleanup, send, serve } from '../helpers.js';
import { gateway, idle, upstream } from './support.js';

/** Warnings of the process from now on. */
function warnings(): string[] {
  const heard: string[] = [];
  const listener = (warning: Error): void => {
    heard.push(`${warning.name}: ${warning.message}`);
  };
  process.on('warning', listener);
  cleanup(() => process.off('warning', listener));
  return heard;
}

/** Warnings are told a tick after what they warn of. */
function aTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('thirty services on one server make no more listeners than one', async () => {
  const heard = warnings();
  const { url } = await upstream();
  const names = Array.from({ length: 30 }, (_, at) => `/service${at}`);
  const services = Object.fromEntries(names.map((name) => [name, url]));
  const { url: at, server } = await gateway({ services });
  const listeners = () => server.eventNames().map((name) => [name, server.listenerCount(name)]);
  await send(at, '/service0');
  const before = listeners();
  for (const name of names) expect(await send(at, name)).toMatchObject({ status: 200 });
  await aTurn();
  expect(heard).toEqual([]);
  expect(listeners()).toEqual(before);
});

test('a connection that is used again gathers no listeners', async () => {
  const heard = warnings();
  const counts: number[] = [];
  const { url } = await serve((req, res) => {
    req.resume().once('end', () => res.end());
  });
  const { port, router } = await gateway({ services: { '/': url } }, (req, res, next) => {
    res.once('close', () => {
      const { socket } = req;
      counts.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
    });
    next();
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(() => agent.destroy());
  for (let turn = 0; turn < 30; turn++) {
    const client = request({ port, agent, method: turn % 2 ? 'POST' : 'GET' });
    client.end(turn % 2 ? 'body' : undefined);
    const [answer] = await once(client, 'response');
    answer.resume();
    await once(answer, 'end');
  }
  await aTurn();
  expect(heard).toEqual([]);
  expect(counts).toHaveLength(30);
  expect(new Set(counts.slice(2)).size).toBe(1);
  await router.close();
});

test('two hundred requests that clients abort leave no socket behind', async () => {
  const heard = warnings();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const up = await serve((req, res) => {
    if (req.url === '/begun') res.write('the beginning');
    up.server.emit('asked', res);
  });
  const { port, url, server, router } = await gateway({ services: { '/': up.url } });
  for (let turn = 0; turn < 200; turn++) {
    const asking = once(up.server, 'asked');
    const kind = turn % 4;
    const client = request({
      port,
      path: kind === 1 ? '/begun' : '/',
      method: kind > 1 ? 'POST' : 'GET',
      agent: false,
    });
    client.on('error', () => undefined);
    if (kind === 2) client.write('the beginning of an upload');
    else client.end(kind === 3 ? 'a whole upload' : undefined);
    const [res] = await asking;
    if (kind === 1) await once(client, 'response');
    const closed = once(res, 'close');
    client.destroy();
    await closed;
  }
  await idle(server);
  await idle(up.server);
  await aTurn();
  expect(heard).toEqual([]);
  expect(process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)).toBe(listeners);

  const asking = once(up.server, 'asked');
  const answer = send(url, '/');
  (await asking)[0].end('still there');
  expect(await answer).toMatchObject({ status: 200, body: 'still there' });
  await router.close();
});
