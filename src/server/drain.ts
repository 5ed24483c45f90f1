import type { IncomingMessage, ServerResponse } from 'node:http';
import { onResponseClose } from '../core/response-close.js';
import type { AnyServer } from './http-server.js';

/** Knows which requests run, and waits until none does. */
export class Drain {
  #running = 0;
  #server: AnyServer | undefined;
  #onEnded: (() => void) | undefined;
  #hurry: () => void = () => undefined;
  readonly #hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve;
  });

  /** Counts a request until its connection has let go of its response. */
  watch(req: IncomingMessage, res: ServerResponse): void {
    this.#running += 1;
    if (this.#server && req.httpVersionMajor < 2) res.setHeader('Connection', 'close');
    onResponseClose(res, () => {
      this.#running -= 1;
      if (this.#server === undefined) return;
      this.#closeIdle();
      if (this.#running === 0) this.#onEnded?.();
    });
  }

  /** Requests are the last of their connections from now on. */
  begin(server: AnyServer): void {
    this.#server = server;
    this.#closeIdle();
  }

  /** Waits for something, or as long as is said. */
  async within(milliseconds: number, what: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds).unref();
    });
    await Promise.race([what, over, this.#hurried]);
    clearTimeout(timer);
  }

  /** Resolves when no request runs, however long that takes: where all connections are cut, it is a matter of moments. */
  ended(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  /** Waits no more. */
  hurry(): void {
    this.#hurry();
  }

  /** Node does so once, when a server is closed, and leaves connections open whose requests end later. */
  #closeIdle(): void {
    setImmediate(() => (this.#server as Partial<{ closeIdleConnections(): void }>).closeIdleConnections?.());
  }
}
