import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { cleanup, send, serve } from '../helpers.js';
import { until } from '../proxy-router/support.js';
import { webSockets } from '../websocket/support.js';
import { key, valid } from './certificates.js';
import { started } from './support.js';

/** An upstream that holds its answers. */
async function held() {
  const responses: ServerResponse[] = [];
  const server = await serve((_req, res) => {
    res.write('begun');
    responses.push(res);
  });
  return { ...server, responses };
}

function ask(port: number, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) =>
    request({ host: '127.0.0.1', port, path: '/api', agent: agent ?? false }, resolve)
      .once('error', reject)
      .end(),
  );
}

test('what runs ends, what is new is refused, and closing waits for it', async () => {
  const behind = await held();
  const { port, close, url } = await started({ services: { '/api': behind.url } });
  const answer = await ask(port);
  let closed = false;
  const closing = close().then(() => {
    closed = true;
  });
  await expect(send(url, '/health/live')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(closed).toBe(false);
  behind.responses[0]?.end(', and ended');
  expect(await text(answer)).toBe('begun, and ended');
  await closing;
});

test('says that it is not ready while it still takes requests', async () => {
  const { close, url } = await started({ server: { drainDelayMs: 60_000 } });
  const closing = close();
  const ready = await send(url, '/health/ready');
  expect([ready.status, ready.body]).toEqual([503, '{"status":"draining"}']);
  expect((await send(url, '/health/live')).status).toBe(200);
  close(); // At once.
  await closing;
});

test('kept connections without a request are closed, those with one after it', async () => {
  const behind = await held();
  const { port, close, server } = await started({ services: { '/api': behind.url } });
  const agent = new Agent({ keepAlive: true });
  cleanup(() => agent.destroy());
  const [one, two] = await Promise.all([ask(port, agent), ask(port, agent)]);
  behind.responses[0]?.end();
  await text(one);
  const closing = close();
  await until(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count === 1))));
  behind.responses[1]?.end();
  await text(two);
  await closing;
});

test('what has not ended in time is cut, and still settled and recorded', async () => {
  const behind = await held();
  const recorded: unknown[] = [];
  const sink = {
    write: (batch: readonly { ending: string }[]) => void recorded.push(...batch.map((e) => e.ending)),
  };
  const { port, close } = await started({
    services: { '/api': behind.url },
    server: { drainTimeoutMs: 50 },
    analytics: { sinks: [sink] },
  });
  const answer = await ask(port);
  const cut = once(answer, 'error');
  answer.resume();
  await close();
  expect((await cut)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(recorded).toEqual(['aborted']);
});

test('closing twice waits for nobody', async () => {
  const behind = await held();
  const { port, close } = await started({ services: { '/api': behind.url } });
  (await ask(port)).on('error', () => undefined).resume();
  const closing = close();
  close();
  await closing;
});

test('WebSockets are closed with the code 1001', async () => {
  const sockets = await webSockets();
  const { port, close } = await started({ services: { '/api': sockets.url } });
  const ws = new WebSocket(`ws://127.0.0.1:${port}/api`);
  await once(ws, 'open');
  const closed = once(ws, 'close');
  await close();
  expect((await closed)[0]).toBe(1001);
});

test('HTTP/2 connections are told to go, and streams that run end', async () => {
  const behind = await held();
  const { port, close } = await started({
    services: { '/api': behind.url },
    server: { tls: { cert: valid, key } },
  });
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: valid });
  cleanup(() => client.destroy());
  const stream = client.request({ ':path': '/api' });
  await once(stream, 'response');
  const away = once(client, 'goaway');
  const closing = close();
  await away;
  behind.responses[0]?.end(', and ended');
  expect(await text(stream)).toBe('begun, and ended');
  await closing;
});
