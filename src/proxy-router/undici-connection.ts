import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { type Dialled, dial } from './dial.js';
import type { Target } from './target.js';
import type { ResolvedUndiciTransport } from './undici-options.js';

/** Hears how a connection is. */
export interface ConnectionListener {
  /** It can take a request. */
  onIdle(connection: UndiciConnection): void;
  /** It will take none any more. */
  onGone(connection: UndiciConnection): void;
}

/**
 * One connection for one request at a time. undici's own `Pool` hides which connection carries a request, whether it was
 * used before, and lets nobody end a connection that is still being made.
 */
export class UndiciConnection {
  readonly #client: Client;
  readonly #listener: ConnectionListener;
  #connectMs = 0;
  #dialling: Socket | undefined;
  #connected = false;
  #used = false;
  #idle = false;
  #gone = false;

  constructor(
    target: Target,
    dialled: Dialled,
    { keepAliveTimeoutMs }: ResolvedUndiciTransport,
    listener: ConnectionListener,
  ) {
    this.#listener = listener;
    this.#client = new Client(target.origin, {
      connect: (_options, done) => {
        this.#dialling = dial(target, this.#connectMs, dialled, (...result) => {
          this.#dialling = undefined;
          done(...result);
        });
      },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Attempts have time-outs of their own.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client
      .on('connect', () => this.#onConnect())
      .on('disconnect', () => this.#onDisconnect())
      .on('connectionError', () => this.destroy())
      .on('drain', () => this.#onDrain());
  }

  /** Sends a request, on a new socket where the one before is closed. */
  dispatch(
    request: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    connectMs: number,
  ): void {
    this.#idle = false;
    this.#connectMs = connectMs;
    this.#client.dispatch(request, handler);
  }

  /** A request starts on it. Gives whether another one has before, on the same socket. */
  startRequest(): boolean {
    const used = this.#used;
    this.#used = true;
    return used;
  }

  /** Ends it, and the request on it. */
  destroy(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#dialling?.destroy(new Error('The connection is not wanted any more'));
    this.#client.destroy(() => undefined);
    this.#listener.onGone(this);
  }

  #onConnect(): void {
    this.#connected = true;
    this.#used = false;
  }

  /** A request that is not sent yet makes a new connection; an idle one is not kept for that. */
  #onDisconnect(): void {
    this.#connected = false;
    if (this.#idle) this.destroy();
  }

  #onDrain(): void {
    if (this.#gone) return;
    if (!this.#connected) {
      this.destroy();
      return;
    }
    this.#idle = true;
    this.#listener.onIdle(this);
  }
}
