import type { Dialled } from './dial.js';
import type { Target } from './target.js';
import { type ConnectionListener, UndiciConnection } from './undici-connection.js';
import type { ResolvedUndiciTransport } from './undici-options.js';

/** The connections to one address. */
export class UndiciConnections implements ConnectionListener {
  readonly #target: Target;
  readonly #options: ResolvedUndiciTransport;
  readonly #dialled: Dialled = {};
  readonly #idle: UndiciConnection[] = [];
  #maxIdle: number;

  constructor(target: Target, options: ResolvedUndiciTransport) {
    this.#target = target;
    this.#options = options;
    this.#maxIdle = options.maxIdle;
  }

  /** The connection that was used last, so that those that are too many grow old; else a new one. */
  take(): UndiciConnection {
    return this.#idle.pop() ?? new UndiciConnection(this.#target, this.#dialled, this.#options, this);
  }

  /** Ends idle connections, and others as soon as they are. */
  close(): void {
    this.#maxIdle = 0;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  onIdle(connection: UndiciConnection): void {
    if (this.#idle.length < this.#maxIdle) this.#idle.push(connection);
    else connection.destroy();
  }

  onGone(connection: UndiciConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }
}
