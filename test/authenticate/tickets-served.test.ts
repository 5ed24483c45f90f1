import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import express, { type Request, type Response } from 'express';
import { authenticate } from 'gatewright/authenticate';
import { cleanup, send, serve } from '../helpers.js';
import { eventSource } from './browser-support.js';
import { adminKey } from './support.js';

const identity = { id: 'u', method: 'custom', tier: 'free', permissions: [], metadata: {} } as const;

test('an endpoint of one’s own in Express issues tickets, and none to nobody', async () => {
  const guard = authenticate({ adminKey, anonymous: { paths: ['/'] } });
  const app = express();
  app.post('/ticket', guard, async (req: Request, res: Response) => {
    res.set('Cache-Control', 'no-store').status(201);
    res.json(await guard.tickets?.issue(req.gateway?.identity as never));
  });
  app.get('/events', guard, (req, res) => void res.json([req.url, req.query, req.gateway?.identity?.id]));
  const { url } = await serve(app);
  const answer = await send(url, '/ticket', { method: 'POST', headers: { 'X-API-Key': adminKey } });
  expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
  const { ticket } = JSON.parse(answer.body);
  const events = await send(url, `/events?ticket=${ticket}&a=1`, { headers: eventSource });
  expect(JSON.parse(events.body)).toEqual(['/events?a=1', { a: '1' }, 'admin']);
  const nobody = await send(url, '/ticket', { method: 'POST' });
  expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, 'Bearer realm="gateway"']);
});

test('server-sent events over HTTP/2 take a ticket', async () => {
  const guard = authenticate({ adminKey });
  const server = createServer((compatReq, compatRes) => {
    const [req, res] = [compatReq, compatRes] as unknown as [IncomingMessage, ServerResponse];
    guard(req, res, () => res.end(JSON.stringify([req.url, req.gateway?.identity?.id])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  cleanup(() => {
    client.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const issued = await guard.tickets?.issue(identity);
  const path = `/events?ticket=${issued?.ticket}&a=1`;
  const ask = async (): Promise<[number, string]> => {
    const stream = client.request({ ':path': path, accept: 'text/event-stream' });
    const [{ ':status': status }] = await once(stream, 'response');
    return [status, await text(stream)];
  };
  expect(await ask()).toEqual([200, '["/events?a=1","u"]']);
  expect((await ask())[0]).toBe(401);
});
