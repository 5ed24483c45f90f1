import type { Socket } from 'node:net';
import type { WebSocketEnd, WebSocketTraffic } from '../core/context.js';
import { WebSocketRelay } from './websocket-relay.js';

/** How long both sides have to answer a Close frame, in milliseconds. */
const GRACE_MS = 2000;

/** How long a connection is silent before the system asks whether the other side is still there. */
const PROBE_AFTER_MS = 60_000;

/** What came before the tunnel was open. */
export interface FirstBytes {
  readonly ofClient: readonly Buffer[];
  readonly ofUpstream: readonly Buffer[];
}

/**
 * An open WebSocket: two sockets, and bytes both ways, unread except for where frames end. It is over once, when both
 * sockets are closed.
 */
export class WebSocketTunnel implements WebSocketTraffic {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #up: WebSocketRelay;
  readonly #down: WebSocketRelay;
  readonly #idle: NodeJS.Timeout;
  readonly #onEnd: (end: WebSocketEnd) => void;
  #end: WebSocketEnd | undefined;
  #grace: NodeJS.Timeout | undefined;
  #open = 2;

  constructor(client: Socket, upstream: Socket, idleMs: number, onEnd: (end: WebSocketEnd) => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#onEnd = onEnd;
    this.#idle = setTimeout(() => this.leave('idle_timeout'), idleMs).unref();
    const onBytes = (): void => this.#onBytes();
    this.#up = new WebSocketRelay(client, upstream, true, onBytes);
    this.#down = new WebSocketRelay(upstream, client, false, onBytes);
  }

  get bytesReceived(): number {
    return this.#up.bytes;
  }

  get bytesSent(): number {
    return this.#down.bytes;
  }

  get end(): WebSocketEnd | undefined {
    return this.#open === 0 ? this.#end : undefined;
  }

  start({ ofClient, ofUpstream }: FirstBytes): void {
    this.#watch(this.#client, this.#upstream, 'client_gone');
    this.#watch(this.#upstream, this.#client, 'upstream_broke');
    this.#down.start(ofUpstream);
    this.#up.start(ofClient);
  }

  /** Closes it towards both sides as soon as a frame ends, and cuts what is left of it after a while. */
  leave(why: 'idle_timeout' | 'drained'): void {
    if (this.#grace !== undefined) return;
    this.#end ??= why;
    this.#grace = setTimeout(() => this.#cut(), GRACE_MS).unref();
    clearTimeout(this.#idle);
    this.#down.leave();
    this.#up.leave();
    this.#endWhoAgrees();
  }

  #onBytes(): void {
    if (this.#grace === undefined) this.#idle.refresh();
    else this.#endWhoAgrees();
  }

  /** Who has had a Close frame, and has sent one, waits for nothing any more. */
  #endWhoAgrees(): void {
    if (this.#down.left && this.#up.closed) this.#client.end();
    if (this.#up.left && this.#down.closed) this.#upstream.end();
  }

  #watch(socket: Socket, other: Socket, missed: WebSocketEnd): void {
    socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS).setTimeout(0);
    const gone = (): void => {
      this.#end ??= this.#up.closed || this.#down.closed ? 'closed' : missed;
    };
    socket.on('error', gone);
    socket.once('end', gone);
    const closed = (): void => {
      gone();
      other.destroySoon();
      this.#open -= 1;
      if (this.#open === 0) this.#finish();
    };
    if (socket.destroyed) closed();
    else socket.once('close', closed);
  }

  #cut(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #finish(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#grace);
    this.#onEnd(this.#end as WebSocketEnd);
  }
}
