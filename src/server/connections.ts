import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** How often connections are looked at, as a share of what they may take. */
const LOOKS = 4;

/** What Node knows of a connection and its types do not: how many bytes wait in the kernel's queue. */
interface Handled {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

interface Stall {
  readonly waiting: number;
  readonly since: number;
}

/** The connections of a server. Closes those whose client takes nothing of what waits for it. */
export class Connections {
  readonly #sockets = new Map<Socket, Stall | undefined>();
  readonly #sessions = new Set<Http2Session>();
  readonly #sendTimeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  #leaving = false;

  constructor(sendTimeoutMs: number) {
    this.#sendTimeoutMs = sendTimeoutMs;
    this.#timer = setInterval(() => this.#look(), sendTimeoutMs / LOOKS).unref();
  }

  get size(): number {
    return this.#sockets.size;
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  addSession(session: Http2Session): void {
    this.#sessions.add(session);
    if (this.#leaving) session.close();
    session.once('close', () => this.#sessions.delete(session));
  }

  /**
   * Has HTTP/2 connections take no further requests, and close when those that run have ended (GOAWAY): those that are
   * still being opened, too.
   */
  closeSessions(): void {
    this.#leaving = true;
    for (const session of this.#sessions) session.close();
  }

  /** Cuts all that are left. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    for (const [socket, stall] of this.#sockets) {
      const waiting = waitingBytes(socket);
      if (waiting === 0) {
        if (stall) this.#sockets.set(socket, undefined);
      } else if (stall?.waiting !== waiting) this.#sockets.set(socket, { waiting, since: now });
      else if (now - stall.since >= this.#sendTimeoutMs) socket.destroy();
    }
  }
}

/** Bytes that the client has not taken. What is encrypted waits below the socket, in its handle. */
function waitingBytes(socket: Socket): number {
  return socket.writableLength + ((socket as Handled)._handle?.writeQueueSize ?? 0);
}
