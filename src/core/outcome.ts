import type { ServerResponse } from 'node:http';
import { isCutOff, onResponseClose } from './response-close.js';

/**
 * How a response ended: `finished` sent whole, `aborted` by the client, `failed` cut because what was behind
 * it broke.
 */
export type Ending = 'finished' | 'aborted' | 'failed';

/** The status recorded for a client that left before an answer had begun (nginx's convention). */
export const CLIENT_CLOSED_REQUEST = 499;

type WriteHead = ServerResponse['writeHead'];

/** Where a response has its outcome. */
const OUTCOME = Symbol('outcome');

interface Observed {
  [OUTCOME]?: Outcome;
}

/**
 * What becomes of one response. It is settled once, whatever happens: listeners of `onEnd` run exactly once,
 * those of `onHeaders` at most once, and one added late runs at once.
 */
export class Outcome {
  /** How it ended; undefined while it runs. */
  ending: Ending | undefined;
  /** What broke it, where `ending` is `failed`. Not for clients. */
  cause: unknown;
  /** Whether the status and header fields are on their way. */
  headersSent = false;

  /** What writes the head, without being observed. */
  readonly writeHead: WriteHead | undefined;
  readonly #res: ServerResponse;
  readonly #headers: (() => void)[] = [];
  readonly #ends: ((ending: Ending) => void)[] = [];

  constructor(res: ServerResponse) {
    const observed: ServerResponse & Observed = res;
    this.#res = res;
    this.headersSent = res.headersSent;
    if (isGone(res)) {
      this.settle(res.writableFinished && !wasCut(res) ? 'finished' : 'aborted');
      return;
    }
    const former = observed[OUTCOME];
    this.writeHead = former ? former.writeHead : res.writeHead;
    if (former) this.onHeaders(() => former.sent());
    observed[OUTCOME] = this;
    observed.writeHead = observedWriteHead as WriteHead;
    res.on('finish', () => this.settle(wasCut(res) ? 'aborted' : 'finished'));
    onResponseClose(res, () => this.settle('aborted'));
  }

  /** The status sent, or 499 where the client left before there was one. */
  get status(): number {
    return this.headersSent ? this.#res.statusCode : CLIENT_CLOSED_REQUEST;
  }

  /** Calls back when the status is decided. Not called for a response that never got so far. */
  onHeaders(listener: () => void): void {
    if (this.headersSent) listener();
    else this.#headers.push(listener);
  }

  /**
   * Calls back when the response has ended, in whatever way. What was added last is called first, as the
   * response passes the middlewares: the limiter has settled the cost when analytics records it.
   */
  onEnd(listener: (ending: Ending) => void): void {
    if (this.ending) listener(this.ending);
    else this.#ends.push(listener);
  }

  /** Says that what produces the response broke. Takes effect if the response can't be finished any more. */
  fail(cause: unknown): void {
    this.cause ??= cause ?? new Error('The response was cut short');
  }

  /**
   * Says how it ended, where the response does not tell: after a 101 (Switching Protocols) its connection is its own no
   * more.
   */
  settle(how: 'finished' | 'aborted'): void {
    if (this.ending) return;
    const ending = how === 'aborted' && this.cause !== undefined ? 'failed' : how;
    this.ending = ending;
    for (const listener of this.#ends.reverse()) isolated(() => listener(ending));
  }

  /** The status and header fields are on their way. */
  sent(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    for (const listener of this.#headers) isolated(listener);
  }
}

/** The same for all responses: a closure for each would cost more than it does. */
function observedWriteHead(this: ServerResponse & Observed, ...args: Parameters<WriteHead>): ServerResponse {
  const outcome = this[OUTCOME] as Outcome;
  (outcome.writeHead as WriteHead).apply(this, args);
  outcome.sent();
  return this;
}

/** A listener that throws does not keep the others from hearing; its error is reported as nobody's. */
function isolated(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Whether the response was over before anybody looked. */
function isGone(res: ServerResponse): boolean {
  return res.destroyed === true || streamOf(res)?.destroyed === true || isCutOff(res);
}

/** Whether a response that says `finish` was cut: HTTP/2 says it of each one. */
function wasCut(res: ServerResponse): boolean {
  return !res.writableEnded || (streamOf(res)?.rstCode ?? 0) !== 0;
}

/** What is under a response on HTTP/2. */
function streamOf(res: ServerResponse): { destroyed: boolean; rstCode: number } | undefined {
  return (res as { stream?: { destroyed: boolean; rstCode: number } }).stream;
}
