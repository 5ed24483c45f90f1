import type { Socket } from 'node:net';
import { corkTurn } from './cork-turn.js';
import { closeFrame, FrameTracker } from './websocket-frames.js';

/** The peer is going away, such as a server that shuts down (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;

/** One direction of a WebSocket: passes bytes on as they come, as fast as they are taken. */
export class WebSocketRelay {
  /** Bytes that have come. */
  bytes = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #masked: boolean;
  readonly #onBytes: () => void;
  readonly #tracker = new FrameTracker();
  #leaving = false;
  #left = false;

  /** @param masked whether it goes to a server */
  constructor(from: Socket, to: Socket, masked: boolean, onBytes: () => void) {
    this.#from = from;
    this.#to = to;
    this.#masked = masked;
    this.#onBytes = onBytes;
  }

  /** Whether the sender has closed the WebSocket. */
  get closed(): boolean {
    return this.#tracker.closed;
  }

  /** Whether a Close frame of this gateway's, or the sender's own, has gone on, and nothing follows it. */
  get left(): boolean {
    return this.#left;
  }

  /** @param first what has come already */
  start(first: readonly Buffer[]): void {
    for (const piece of first) if (piece.length > 0) this.#take(piece);
    this.#from.on('data', (piece: Buffer) => this.#take(piece));
    this.#from.once('end', () => this.#to.end());
    this.#to.on('drain', () => this.#from.resume());
    if (!this.#to.writableNeedDrain) this.#from.resume();
  }

  /** Closes the WebSocket where the current frame ends; what comes behind it is not passed on. */
  leave(): void {
    this.#leaving = true;
    if (this.#tracker.atBoundary) this.#sayGoodbye();
  }

  #take(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.#leaving) this.#takeLast(piece);
    else {
      this.#tracker.followAll(piece);
      this.#pass(piece);
    }
    this.#onBytes();
  }

  #takeLast(piece: Buffer): void {
    let at = 0;
    if (!this.#left) {
      at = this.#tracker.follow(piece, 0);
      this.#pass(piece.subarray(0, at));
      if (this.#tracker.atBoundary) this.#sayGoodbye();
    }
    while (at < piece.length) at = this.#tracker.follow(piece, at);
  }

  #sayGoodbye(): void {
    this.#left = true;
    if (!this.#tracker.closed) this.#pass(closeFrame(GOING_AWAY, this.#masked));
    this.#from.resume();
  }

  #pass(piece: Buffer): void {
    if (!this.#to.writable) return;
    corkTurn(this.#to); // To wake the other side for each of a turn's messages costs more than passing them on.
    if (!this.#to.write(piece) && !this.#left) this.#from.pause();
  }
}
