import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Ending, GatewayContext, WebSocketEnd } from 'gatewright';
import type { WebSocket } from 'ws';
import { send } from '../helpers.js';
import {
  attached,
  closeCode,
  echo,
  message,
  open,
  opened,
  raw,
  readUntil,
  refused,
  until,
  upgradeHead,
  webSockets,
} from './support.js';

/** A gateway whose outcomes of requests are kept. */
async function observed(onOpen?: (ws: WebSocket) => void, idleMs = 300_000) {
  const up = await webSockets(onOpen);
  const ends: [Ending, number, WebSocketEnd | undefined][] = [];
  const contexts: GatewayContext[] = [];
  const served = await attached({
    ...open,
    analytics: {},
    rateLimit: {
      key: (_req, context) => {
        contexts.push(context);
        context.outcome.onEnd((ending) =>
          ends.push([ending, context.outcome.status, context.webSocket?.end]),
        );
        return 'all';
      },
      tiers: { free: { concurrentRequests: 1 } },
    },
    endpoints: true,
    services: { '/chat': { targets: [up.url], timeouts: { idleMs } } },
  });
  return { up, ends, contexts, ...served };
}

test('the place of a request is held while a WebSocket is open, and given back when it is closed', async () => {
  const { url, ends, contexts } = await observed();
  const ws = await opened(url, '/chat');
  expect(await refused(url, '/chat')).toMatchObject({
    status: 429,
    body: expect.stringContaining('concurrent'),
  });
  expect(contexts[0]).toMatchObject({
    outcome: { ending: undefined, status: 101 },
    upstream: { attempts: 1 },
  });
  expect(contexts[0]?.upstream?.timeToFirstByteMs).toBeGreaterThan(0);
  ws.close(1000);
  await closeCode(ws);
  await until(() => ends.length === 2);
  expect(ends).toEqual([
    ['finished', 429, undefined],
    ['finished', 101, 'closed'],
  ]);
  await opened(url, '/chat');
});

const deaths: readonly [string, (ws: WebSocket) => void][] = [
  ['dies', (ws) => ws.terminate()],
  ['resets its connection', (ws) => (ws as unknown as { _socket: Socket })._socket.resetAndDestroy()],
];

test.each(deaths)(
  'an upstream that %s is 1006 to the client, and gives the place back',
  async (_how, kill) => {
    const { up, url, ends } = await observed();
    const ws = await opened(url, '/chat');
    const closing = closeCode(ws);
    for (const each of up.wss.clients) kill(each);
    expect(await closing).toBe(1006);
    await until(() => ends.length === 1);
    expect(ends).toEqual([['failed', 101, 'upstream_broke']]);
    await opened(url, '/chat');
  },
);

test('a client that vanishes closes the upstream, and gives the place back', async () => {
  const { up, url, port, ends } = await observed();
  const socket = raw(port, upgradeHead('/chat'));
  await readUntil(socket, (bytes) => bytes.includes('\r\n\r\n'));
  const [behind] = up.wss.clients;
  const closing = closeCode(behind as WebSocket);
  socket.resetAndDestroy();
  expect(await closing).toBe(1006);
  await until(() => ends.length === 1);
  expect(ends).toEqual([['aborted', 101, 'client_gone']]);
  await opened(url, '/chat');
});

test('a client that leaves before it is answered ends the request upstream', async () => {
  const { port, ends, up } = await observed();
  up.wss.shouldHandle = () => true;
  up.server.removeAllListeners('upgrade');
  const asked = once(up.server, 'upgrade');
  const socket = raw(port, upgradeHead('/chat'));
  const [, behind] = await asked;
  behind.resume();
  const closed = once(behind, 'close');
  behind.on('end', () => behind.end());
  socket.end();
  await closed;
  await until(() => ends.length === 1);
  expect(ends).toEqual([['aborted', 499, undefined]]);
});

test('a WebSocket on which nothing is said is closed with 1001 on both sides', async () => {
  const { up, url, ends } = await observed(echo, 50);
  const ws = await opened(url, '/chat');
  const [behind] = up.wss.clients;
  expect(await Promise.all([closeCode(ws), closeCode(behind as WebSocket)])).toEqual([1001, 1001]);
  await until(() => ends.length === 1);
  expect(ends).toEqual([['finished', 101, 'idle_timeout']]);
});

test('pings keep it open', async () => {
  const { up, url } = await observed(echo, 300);
  const ws = await opened(url, '/chat');
  const [behind] = up.wss.clients;
  for (let turn = 0; turn < 10; turn++) {
    (behind as WebSocket).ping();
    await once(behind as WebSocket, 'pong');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ws.send('still there');
  expect(await message(ws)).toBe('still there');
});

test('are counted by service and end, and by how long they took to open', async () => {
  const { url, ends, gateway } = await observed();
  const metrics = async (): Promise<string> =>
    (await send(url, '/metrics', { headers: { Accept: 'text/plain' } })).body;
  const ws = await opened(url, '/chat');
  ws.send('12345');
  await message(ws);
  expect(await metrics()).toContain('gateway_websockets_open{service="chat"} 1\n');
  ws.close(1000);
  await until(() => ends.length === 1);
  const text = await metrics();
  expect(text).toContain('gateway_websockets_open{service="chat"} 0\n');
  expect(text).toContain('gateway_websockets_closed_total{service="chat",end="closed"} 1\n');
  expect(text).toMatch(/http_server_request_duration_seconds_count\{.*status_code="101".*\} 1\n/);
  await gateway.close();
});

test('bytes are counted both ways', async () => {
  const { url, ends, contexts } = await observed();
  const ws = await opened(url, '/chat');
  ws.send('12345');
  await message(ws);
  ws.close(1000);
  await until(() => ends.length === 1);
  // Frames of five bytes and of a close code, with heads of two bytes; masks of four where the client sends.
  expect(contexts[0]?.webSocket).toMatchObject({
    bytesReceived: 2 + 4 + 5 + 2 + 4 + 2,
    bytesSent: 2 + 5 + 2 + 2,
  });
});
