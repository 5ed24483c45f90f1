import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Gateway, GatewayOptions } from 'gatewright';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { gatewayOf } from '../gateway/support.js';
import { cleanup, serve } from '../helpers.js';

export { until } from '../proxy-router/support.js';

/** A gateway that lets everybody do everything. */
export const open = {
  authenticate: false,
  rateLimit: false,
  circuitBreaker: false,
  analytics: false,
  audit: false,
} as const satisfies Partial<GatewayOptions>;

/** A server of WebSockets, on a server of its own or on that given; it answers messages with the same, unless told. */
export async function webSockets(
  onOpen: (ws: WebSocket, req: IncomingMessage) => void = echo,
  options: ServerOptions = {},
  server: Server = createServer(),
) {
  const wss = new WebSocketServer({ server, ...options });
  wss.on('connection', onOpen);
  wss.on('connection', (ws) => ws.on('error', () => undefined));
  await listen(server);
  cleanup(() => {
    for (const ws of wss.clients) ws.terminate();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { wss, server, port, url: `http://127.0.0.1:${port}` };
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

export function echo(ws: WebSocket): void {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
}

/** A gateway on a server of its own, to which it is attached. */
export async function attached(
  options: GatewayOptions,
  listenerOf: (gateway: Gateway) => RequestListener = ({ listener }) => listener,
) {
  const gateway = gatewayOf(options);
  const server = await serve(listenerOf(gateway));
  gateway.attach(server.server);
  cleanup(() => gateway.close());
  return { ...server, gateway };
}

/** Opens a WebSocket; it is cut after the test. */
export function connectTo(
  url: string,
  path: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
  protocols: string[] = [],
): WebSocket {
  const ws = new WebSocket(url.replace('http', 'ws') + path, protocols, options);
  ws.on('error', () => undefined);
  cleanup(() => ws.terminate());
  return ws;
}

/** The same, once it is open. */
export async function opened(...args: Parameters<typeof connectTo>): Promise<WebSocket> {
  const ws = connectTo(...args);
  await once(ws, 'open');
  return ws;
}

/** What came in place of a WebSocket. */
export async function refused(...args: Parameters<typeof connectTo>) {
  const ws = connectTo(...args);
  const [, res] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage];
  return { status: res.statusCode, headers: res.headers, body: await text(res) };
}

/** The next message as text. */
export async function message(ws: WebSocket): Promise<string> {
  const [data] = await once(ws, 'message');
  return String(data);
}

/** The next messages, which may come at once. */
export function messages(ws: WebSocket, count: number): Promise<[data: Buffer, isBinary: boolean][]> {
  return new Promise((resolve) => {
    const all: [Buffer, boolean][] = [];
    ws.on('message', (data: Buffer, isBinary) => {
      all.push([data, isBinary]);
      if (all.length === count) resolve(all);
    });
  });
}

/** The code with which it is closed. */
export async function closeCode(ws: WebSocket): Promise<number> {
  const [code] = await once(ws, 'close');
  return code;
}

/** The head of a request for a WebSocket. */
export const upgradeHead = (path: string, ...fields: string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: gateway',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...fields,
    '\r\n',
  ].join('\r\n');

/** A connection that speaks in bytes. */
export function raw(port: number, bytes: string | Buffer): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  socket.on('error', () => undefined);
  cleanup(() => socket.destroy());
  return socket;
}

/** Reads from a connection until what has come ends so. */
export function readUntil(socket: Socket, isEnough: (bytes: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const done = (): void => {
      socket.off('data', onData);
      socket.off('close', onClose);
    };
    const onData = (piece: Buffer): void => {
      bytes = Buffer.concat([bytes, piece]);
      if (!isEnough(bytes)) return;
      done();
      resolve(bytes);
    };
    const onClose = (): void => {
      done();
      reject(new Error(`Closed after ${bytes.length} bytes: ${bytes.subarray(0, 200)}`));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

/** A frame as a client or a server sends it. The mask is zero, which changes nothing. */
export function frame(opcode: number, payload: Buffer, masked: boolean, fin = true): Buffer {
  const { length } = payload;
  const extended = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (masked ? 0x80 : 0) | (extended === 8 ? 127 : extended === 2 ? 126 : length);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
