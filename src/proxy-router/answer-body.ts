import type { ServerResponse } from 'node:http';
import type { Flow } from './transport.js';

/** An answer is begun when it has come so far, at the latest. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Hands an answer on to its client, no faster than that takes it. What comes in the same turn of the event loop as the head
 * waits for the end of the turn. So head and body are written at once, and the answers of a turn one after the other: to
 * write to a client, or a proxy, that sleeps is what costs most of a short request. A head without a body, as of
 * server-sent events, waits no longer.
 */
export class AnswerBody {
  readonly #res: ServerResponse;
  readonly #flow: Flow;
  /** What waits; undefined once the answer has begun. */
  #waiting: Buffer[] | undefined = [];
  #waitingBytes = 0;
  #whole = false;
  #held = false;

  /** The head is set on the response already. */
  constructor(res: ServerResponse, flow: Flow) {
    this.#res = res;
    this.#flow = flow;
    setImmediate(() => this.begin());
  }

  write(chunk: Buffer): void {
    if (this.#waiting === undefined) {
      this.#pass(chunk);
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= MAX_WAITING_BYTES) this.begin();
  }

  end(): void {
    this.#whole = true;
    if (this.#waiting === undefined) this.#res.end();
  }

  /** Writes what waits; nothing, where that is done or nobody is there to take it. */
  begin(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if (this.#res.destroyed) return;
    for (const chunk of waiting) this.#pass(chunk);
    if (this.#whole) this.#res.end();
    else if (waiting.length === 0) flushHead(this.#res);
  }

  #pass(chunk: Buffer): void {
    if (this.#res.write(chunk) || this.#held) return;
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
  if (res.headersSent) return;
  const { req, statusCode } = res;
  const hasBody = req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
  if (hasBody && req.httpVersionMajor < 2) res.write('', 'latin1');
  else res.flushHeaders();
}
