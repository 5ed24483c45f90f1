import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a client may send before it is answered; it is read again when it is. */
const MAX_EARLY_BYTES = 65_536;

/** How long a client that was refused may take to read the answer, in milliseconds. */
const LINGER_MS = 1000;

/** How an upgrade reaches the router, through whatever middlewares are in between. */
const upgrades = new WeakMap<ServerResponse, PendingUpgrade>();

/**
 * A client that waits for its WebSocket. Its socket is read meanwhile, as it would not be noticed else that the client
 * has left; what it sends is kept.
 */
export class PendingUpgrade {
  readonly socket: Socket;
  readonly #early: Buffer[] = [];
  #size = 0;
  #refused = false;

  readonly #onData = (piece: Buffer): void => {
    if (this.#refused) return;
    this.#early.push(piece);
    this.#size += piece.length;
    if (this.#size > MAX_EARLY_BYTES) this.socket.pause();
  };

  readonly #onEnd = (): void => {
    this.socket.destroy();
  };

  readonly #onDrain: () => void;

  /** @param res the answer, which is told when its socket has room: Node does so for its own alone */
  constructor(socket: Socket, head: Buffer, res: ServerResponse) {
    this.socket = socket;
    this.#onDrain = () => void res.emit('drain');
    res.once('finish', () => this.#refuse());
    socket.setTimeout(0);
    socket.on('drain', this.#onDrain);
    socket.on('error', () => undefined);
    socket.on('data', this.#onData);
    socket.once('end', this.#onEnd);
    if (head.length > 0) this.#onData(head);
  }

  /** The client gets its WebSocket: the socket is the taker's, with what it has sent so far. */
  accept(): readonly Buffer[] {
    this.socket.pause();
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('drain', this.#onDrain);
    return this.#early;
  }

  /** The client has its answer, and nothing else. A socket closed with bytes unread would take the answer with it. */
  #refuse(): void {
    this.#refused = true;
    this.#early.length = 0;
    this.socket.end();
    this.socket.resume();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }
}

/** Makes the response by which an upgrade is refused, or, by the router, accepted. */
export function answerTo(req: IncomingMessage, socket: Socket, head: Buffer): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  upgrades.set(res, new PendingUpgrade(socket, head, res));
  return res;
}

/** The upgrade that a request asks for, where it came as one. */
export function upgradeOf({ headers }: IncomingMessage, res: ServerResponse): PendingUpgrade | undefined {
  return headers.upgrade === undefined ? undefined : upgrades.get(res);
}
