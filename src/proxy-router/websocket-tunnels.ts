import type { WebSocketTunnel } from './websocket-tunnel.js';

/** The open WebSockets of one router. */
export class WebSocketTunnels {
  readonly #open = new Set<WebSocketTunnel>();
  #closing = false;
  #onEmpty: (() => void)[] = [];

  add(tunnel: WebSocketTunnel): void {
    this.#open.add(tunnel);
    if (this.#closing) tunnel.leave('drained');
  }

  delete(tunnel: WebSocketTunnel): void {
    this.#open.delete(tunnel);
    if (this.#open.size > 0) return;
    for (const tell of this.#onEmpty.splice(0)) tell();
  }

  /** Closes all of them, and those that open from now on. Resolves when they are closed. */
  close(): Promise<void> {
    this.#closing = true;
    for (const tunnel of this.#open) tunnel.leave('drained');
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }
}
