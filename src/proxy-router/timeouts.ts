import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, UpstreamTimeout } from './transport.js';

/** Cuts a request whose connection takes too long. */
export function guardConnect(proxyReq: ClientRequest, { service }: Exchange): void {
  const socket = proxyReq.socket as Socket;
  if (!socket.connecting) return;
  const { connectMs } = service.timeouts;
  const timer = after(connectMs, () => proxyReq.destroy(new UpstreamTimeout('connect', connectMs)));
  const stop = (): void => clearTimeout(timer);
  socket.once('connect', stop);
  proxyReq.once('close', stop);
}

/** Cuts a request whose answer does not begin. */
export function guardFirstByte(proxyReq: ClientRequest, { service }: Exchange): void {
  const { firstByteMs } = service.timeouts;
  const timer = after(firstByteMs, () => proxyReq.destroy(new UpstreamTimeout('first byte', firstByteMs)));
  const stop = (): void => clearTimeout(timer);
  proxyReq.once('response', stop);
  proxyReq.once('close', stop);
}

/** Cuts an answer that stops coming. */
export function guardIdle(upstream: IncomingMessage, { service }: Exchange): void {
  const { idleMs } = service.timeouts;
  const timer = after(idleMs, () => upstream.destroy(new UpstreamTimeout('idle', idleMs)));
  upstream.on('data', () => timer.refresh());
  upstream.once('close', () => clearTimeout(timer));
}

function after(delayMs: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, delayMs).unref();
}
