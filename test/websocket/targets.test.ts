import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { cleanup, serve } from '../helpers.js';
import { rawUpstream, routerOf } from '../proxy-router/support.js';
import { closeCode, message, opened, refused, until, webSockets } from './support.js';

type Options = Parameters<typeof routerOf>[0];

async function attachedRouter(options: Options) {
  const router = routerOf(options);
  const served = await serve((req, res) => router(req, res, () => res.writeHead(404).end()));
  router.attach(served.server);
  cleanup(() => router.close());
  return { ...served, router };
}

const named = (name: string) => (ws: WebSocket) => ws.on('message', () => ws.send(name));

async function nameOf(ws: WebSocket): Promise<string> {
  ws.send('?');
  return message(ws);
}

test('are taken in turn, and count what is open on them', async () => {
  const [a, b] = [await webSockets(named('a')), await webSockets(named('b'))];
  const { url, router } = await attachedRouter({ services: { '/chat': { targets: [a.url, b.url] } } });
  const all = [await opened(url, '/chat'), await opened(url, '/chat'), await opened(url, '/chat')];
  expect((await Promise.all(all.map(nameOf))).sort().join('')).toMatch(/^a?abb?$/);
  const outstanding = (): number[] => router.targets.list('chat').map((target) => target.outstanding);
  expect(outstanding().sort()).toEqual([1, 2]);
  for (const ws of all) ws.close();
  await until(() => outstanding().join() === '0,0');
});

test('another one is tried before the 101, and the failing one is taken out', async () => {
  const [up, broken] = [await webSockets(named('up')), await rawUpstream((socket) => socket.destroy())];
  const targets = [broken.url, 'http://127.0.0.1:1', up.url];
  const services: Options['services'] = {
    '/chat': { targets, ejection: { failures: 1, maxShare: 1 }, retries: { backoffMs: 0 } },
  };
  const { url, router } = await attachedRouter({ services });
  expect(await nameOf(await opened(url, '/chat'))).toBe('up');
  const ejected = router.targets.list('chat').map((target) => target.ejected);
  expect(ejected[2]).toBe(false);
  expect(ejected).toContain(true);
});

test('none is tried again after the 101', async () => {
  const [up, other] = [await webSockets((ws) => ws.terminate()), await webSockets(named('other'))];
  const services: Options['services'] = { '/chat': { targets: [{ url: up.url, weight: 1000 }, other.url] } };
  const { url } = await attachedRouter({ services });
  expect(await closeCode(await opened(url, '/chat'))).toBe(1006);
  expect(other.wss.clients.size).toBe(0);
});

test('no second one is asked beside the first', async () => {
  const up = await rawUpstream(() => undefined);
  const other = await rawUpstream(() => undefined);
  const services: Options['services'] = {
    '/chat': {
      targets: [up.url, other.url],
      retries: { hedgeAfterMs: 1, attempts: 0 },
      timeouts: { firstByteMs: 100 },
    },
  };
  const { url } = await attachedRouter({ services });
  expect(await refused(url, '/chat')).toMatchObject({ status: 504 });
  expect(up.sockets.length + other.sockets.length).toBe(1);
});

test('503 where all of its connections are taken by open WebSockets', async () => {
  const up = await webSockets();
  const services: Options['services'] = {
    '/chat': { targets: [up.url], pool: { maxSockets: 1, maxQueue: 0 } },
  };
  const { url } = await attachedRouter({ services });
  const ws = await opened(url, '/chat');
  expect(await refused(url, '/chat')).toMatchObject({ status: 503 });
  ws.close();
  await once(ws, 'close');
  await until(() => up.wss.clients.size === 0);
  await opened(url, '/chat');
});

test('a target that is drained keeps its WebSockets, and is done when they are closed', async () => {
  const up = await webSockets(named('up'));
  const { url, router } = await attachedRouter({ services: { '/chat': up.url } });
  const ws = await opened(url, '/chat');
  const drained = router.targets.drain('chat', up.url);
  expect(await refused(url, '/chat')).toMatchObject({ status: 503 });
  expect(await nameOf(ws)).toBe('up');
  ws.close();
  await drained;
});

test('the limit of a whole request ends with the 101', async () => {
  const up = await webSockets(named('up'));
  const services: Options['services'] = { '/chat': { targets: [up.url], timeouts: { totalMs: 100 } } };
  const { url } = await attachedRouter({ services });
  const ws = await opened(url, '/chat');
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(await nameOf(ws)).toBe('up');
});
