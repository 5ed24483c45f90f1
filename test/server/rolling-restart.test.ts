import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { createGateway, type RunningGateway, startGateway } from 'gatewright';
import { WebSocket, WebSocketServer } from 'ws';
import { cleanup, serve } from '../helpers.js';
import { until } from '../proxy-router/support.js';
import { open } from '../websocket/support.js';

const SOAK = process.env['SOAK'] !== undefined;
const CONNECTIONS = SOAK ? 200 : 40;
const ROUNDS = SOAK ? 5 : 1;

/** A service that answers at once, in a stream of events, and through WebSockets. */
async function service(): Promise<string> {
  const behind = await serve(async (req, res) => {
    if (req.url !== '/events') {
      res.end(`${req.method} ${(await text(req)).length}`);
      return;
    }
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (let at = 0; at < 20 && !res.destroyed; at += 1) {
      res.write(`data: ${at}\n\n`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    res.end('data: end\n\n');
  });
  const sockets = new WebSocketServer({ server: behind.server });
  sockets.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
  cleanup(() => sockets.close());
  return behind.url;
}

/** An instance, as one is deployed: told to go, it says so for longer than the balancer needs to see it. */
function instance(target: string): Promise<RunningGateway> {
  return startGateway({
    ...open,
    host: '127.0.0.1',
    port: 0,
    services: { '/api': { targets: [target], retries: false } },
    server: { drainDelayMs: 2000, drainTimeoutMs: 30_000 },
  });
}

/** A balancer that asks each instance whether it is ready. */
async function balancer(targets: string[]) {
  const gateway = createGateway({
    ...open,
    services: {
      '/': {
        targets,
        stripPrefix: false,
        retries: false,
        ejection: false,
        healthCheck: { path: '/health/ready', intervalMs: 100, unhealthyThreshold: 1, healthyThreshold: 1 },
      },
    },
    endpoints: false,
  });
  cleanup(() => gateway.close());
  const server = await serve(gateway.listener);
  gateway.attach(server.server);
  return { ...server, gateway };
}

interface Counts {
  requests: number;
  streams: number;
  webSockets: number;
  readonly closes: number[];
}

/** One client that goes on until it is stopped: plain requests with and without a body, and streams. */
async function client(port: number, agent: Agent, isStopped: () => boolean, counts: Counts): Promise<void> {
  const ask = (path: string, body?: string) =>
    new Promise<string>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const req = request({ host: '127.0.0.1', port, path, method, agent }, (res: IncomingMessage) => {
        text(res).then((got) => resolve(`${res.statusCode} ${got}`), reject);
      });
      req.once('error', reject).end(body);
    });
  for (let at = 0; !isStopped(); at += 1) {
    if (at % 10 === 9) {
      expect(await ask('/api/events')).toMatch(/^200 data: 0\n\n[\s\S]*data: end\n\n$/);
      counts.streams += 1;
    } else {
      expect(await ask('/api', at % 2 ? 'x'.repeat(100) : undefined)).toBe(
        at % 2 ? '200 POST 100' : '200 GET 0',
      );
      counts.requests += 1;
    }
  }
}

/** One that talks through a WebSocket, and opens another one when it is told that this one goes. */
async function talker(port: number, isStopped: () => boolean, counts: Counts): Promise<void> {
  while (!isStopped()) {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/api`);
    const closed = once(ws, 'close') as Promise<[number]>;
    await once(ws, 'open');
    counts.webSockets += 1;
    while (!isStopped() && ws.readyState === WebSocket.OPEN) {
      ws.send('hello');
      await Promise.race([once(ws, 'message'), closed]);
    }
    if (ws.readyState === WebSocket.OPEN) ws.close(1000);
    counts.closes.push((await closed)[0]);
  }
}

test(
  'instances are replaced one after the other under load: no request fails, streams end, WebSockets are told to go',
  async () => {
    const target = await service();
    const instances = [await instance(target), await instance(target)];
    cleanup(() => Promise.all(instances.flatMap((each) => [each.close(), each.close()])));
    const { gateway, port } = await balancer(instances.map(({ url }) => url));
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    cleanup(() => agent.destroy());
    let stopped = false;
    const counts: Counts = { requests: 0, streams: 0, webSockets: 0, closes: [] };
    const isStopped = (): boolean => stopped;
    const talkers = CONNECTIONS / 10;
    const clients = Promise.all([
      ...Array.from({ length: CONNECTIONS - talkers }, () => client(port, agent, isStopped, counts)),
      ...Array.from({ length: talkers }, () => talker(port, isStopped, counts)),
    ]);
    const failed = clients.then(
      () => undefined,
      (error) => error,
    );
    await until(() => counts.requests > 50 && counts.webSockets >= talkers);

    for (let round = 0; round < ROUNDS; round += 1) {
      for (const old of instances.splice(0)) {
        const fresh = await instance(target);
        gateway.targets.add('root', fresh.url);
        await old.close();
        await gateway.targets.remove('root', old.url);
        instances.push(fresh);
      }
    }
    stopped = true;
    expect(await failed).toBeUndefined();
    expect(counts.streams).toBeGreaterThan(0);
    // Those that were open when their instance went, and those that the test has closed.
    expect(new Set(counts.closes)).toEqual(new Set([1000, 1001]));
  },
  SOAK ? 300_000 : 60_000,
);
