import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';

/**
 * A request's body as undici is given it. undici destroys the streams that it is given, and with `req` the client's
 * connection; and it takes the length of what has come so far for that of the body.
 */
export class UploadStream extends EventEmitter {
  destroyed = false;
  readonly #body: IncomingMessage;
  readonly #onUpload: (bytes: number) => void;
  #flows = false;

  /** @param onUpload hears of every piece */
  constructor(body: IncomingMessage, onUpload: (bytes: number) => void) {
    super();
    this.#body = body;
    this.#onUpload = onUpload;
  }

  /** What undici knows a stream by. */
  pipe(): never {
    throw new Error('An upload is read by its events');
  }

  resume(): this {
    if (this.#flows) this.#body.resume();
    else {
      this.#flows = true;
      this.#body.on('data', this.#data).once('end', this.#end);
    }
    return this;
  }

  pause(): this {
    this.#body.pause();
    return this;
  }

  /** What is left of the body is read by nobody, but taken: its client may read no answer before. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#body.off('data', this.#data).off('end', this.#end);
    if (this.#flows) this.#body.resume();
    queueMicrotask(() => {
      if (error && this.listenerCount('error') > 0) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  readonly #data = (chunk: Buffer): void => {
    this.#onUpload(chunk.length);
    if (!this.destroyed) this.emit('data', chunk);
  };

  readonly #end = (): void => {
    this.emit('end');
  };
}
