import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Target } from './target.js';
import { UpstreamTimeout } from './transport.js';

/** How long a connection is silent before the system asks whether the other side is still there. */
const PROBE_AFTER_MS = 60_000;

/** What is kept from one connection to the next: the TLS session, which makes handshakes short. */
export interface Dialled {
  session?: Buffer;
}

/** Opens a connection to a target. `done` is called once, unless the socket is destroyed without an error. */
export function dial(
  target: Target,
  connectMs: number,
  dialled: Dialled,
  done: (...result: [null, Socket] | [Error, null]) => void,
): Socket {
  const secure = target.protocol === 'https:';
  const socket = secure ? secured(target, dialled) : connectTcp(addressOf(target));
  const late = (): void => void socket.destroy(new UpstreamTimeout('connect', connectMs));
  const timer = setTimeout(late, connectMs).unref();
  let told = false;
  const tell = (error?: Error): void => {
    if (told) return;
    told = true;
    clearTimeout(timer);
    if (error) done(error, null);
    else done(null, socket);
  };
  socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS);
  socket.on('error', tell).once('close', () => clearTimeout(timer));
  return socket.once(secure ? 'secureConnect' : 'connect', () => tell());
}

function secured(target: Target, dialled: Dialled): Socket {
  const { tls, serverName } = target;
  const socket = connectTls({
    ...addressOf(target),
    ...(tls as ConnectionOptions | undefined),
    servername: serverName,
    ALPNProtocols: ['http/1.1'],
    ...(dialled.session && { session: dialled.session }),
  });
  return socket.on('session', (session) => {
    dialled.session = session;
  });
}

function addressOf({ hostname, port, socketPath }: Target) {
  return { host: hostname, port, highWaterMark: 65_536, ...(socketPath && { path: socketPath }) };
}
