import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyServer } from './http-server.js';

/** Knows which requests run, and waits until none does. */
export class Drain {
  #running = 0;
  #server: AnyServer | undefined;
  #wake: (() => void) | undefined;
  #hurried = false;

  /** Counts a request until its connection has let go of its response. */
  watch(req: IncomingMessage, res: ServerResponse): void {
    this.#running += 1;
    if (this.#server && req.httpVersionMajor < 2) res.setHeader('Connection', 'close');
    res.once('close', () => {
      this.#running -= 1;
      if (this.#server === undefined) return;
      this.#closeIdle();
      if (this.#running === 0) this.#wake?.();
    });
  }

  /** Requests are the last of their connections from now on. */
  begin(server: AnyServer): void {
    this.#server = server;
    this.#closeIdle();
  }

  /** Waits for a while. */
  delay(milliseconds: number): Promise<void> {
    return milliseconds === 0 ? Promise.resolve() : this.#until(milliseconds);
  }

  /** Waits until no request runs, or the time is over. */
  idle(timeoutMs: number): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : this.#until(timeoutMs);
  }

  /** Waits until no request runs, however long that takes: where all connections are cut, it is a matter of moments. */
  ended(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Waits no more. */
  hurry(): void {
    this.#hurried = true;
    this.#wake?.();
  }

  #until(milliseconds: number): Promise<void> {
    if (this.#hurried) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Node does so once, when a server is closed, and leaves connections open whose requests end later. */
  #closeIdle(): void {
    setImmediate(() => (this.#server as Partial<{ closeIdleConnections(): void }>).closeIdleConnections?.());
  }
}
