import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, createServer } from 'node:http2';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { GatewayContext } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup } from '../helpers.js';
import { routerOf } from './support.js';

/** A gateway of one service on Node's HTTP/2 compatibility API, and a session with it on a socket. */
export async function gateway(target: string) {
  const router = routerOf({ services: { '/api': target } });
  const told = new EventEmitter();
  const server = createServer((compatReq, compatRes) => {
    const [req, res] = [compatReq, compatRes] as unknown as [IncomingMessage, ServerResponse];
    const context = contextOf(req, res);
    context.outcome.onEnd(() => told.emit('end', context));
    router(req, res, () => res.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
  const client = connect('http://127.0.0.1', { createConnection: () => socket });
  client.on('error', () => undefined);
  cleanup(() => {
    client.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const ended = once(told, 'end') as Promise<[GatewayContext]>;
  return { client, socket, ended };
}

/** One request, whole, and its answer. */
export async function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = client.request(headers, { endStream: body === undefined });
  const responded = once(stream, 'response');
  if (body !== undefined) stream.end(body);
  const [answer] = await responded;
  return { headers: answer, body: await text(stream) };
}
