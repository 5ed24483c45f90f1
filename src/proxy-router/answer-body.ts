import type { ServerResponse } from 'node:http';
import type { Flow } from './transport.js';

/** So much does not wait. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Hands an answer on to its client, no faster than that takes it. What comes of it in one turn of the event loop is written at
 * the end of the turn. So its pieces are written at once, and the answers of a turn one after the other: to wake a client that
 * sleeps costs more than all else that is done for a piece, and the first write of a turn wakes it for the others.
 */
export class AnswerBody {
  readonly #res: ServerResponse;
  readonly #flow: Flow;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #whole = false;
  #held = false;

  /** The head is set on the response already. */
  constructor(res: ServerResponse, flow: Flow) {
    this.#res = res;
    this.#flow = flow;
    this.#schedule(); // A head does not wait for its body, as it may long be in coming.
  }

  write(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < MAX_WAITING_BYTES) this.#schedule();
    else this.flush();
  }

  end(): void {
    this.#whole = true;
    this.#schedule();
  }

  /** Writes what waits, unless nobody is there to take it. */
  flush(): void {
    const waiting = this.#waiting;
    const res = this.#res;
    if (res.destroyed) return;
    if (waiting.length > 0) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      for (const chunk of waiting) if (!res.write(chunk)) this.#hold();
    }
    if (this.#whole) res.end();
    else if (!res.headersSent) flushHead(res);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#flow.pause();
    this.#res.once('drain', () => {
      this.#held = false;
      this.#flow.resume();
    });
  }
}

/** By `flushHeaders()`, Node writes what is beyond ASCII in a head of HTTP/1 in UTF-8, byte for byte wrong. */
function flushHead(res: ServerResponse): void {
  const { req, statusCode } = res;
  const hasBody = req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
  if (hasBody && req.httpVersionMajor < 2) res.write('', 'latin1');
  else res.flushHeaders();
}
