import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from './target.js';
import type { TargetVerdict } from './target-pool.js';
import {
  type Attempt,
  type Flow,
  type ResponseHead,
  type RunningAttempt,
  type Timeouts,
  type Transport,
  UpstreamTimeout,
} from './transport.js';

/** Whom attempts tell how they go. */
export interface AttemptListener {
  onInformation(attempt: TargetAttempt, head: ResponseHead): void;
  onHead(attempt: TargetAttempt, head: ResponseHead, flow: Flow): void;
  onData(attempt: TargetAttempt, chunk: Buffer): void;
  onUpgrade(attempt: TargetAttempt, head: ResponseHead, socket: Socket, first: Buffer): void;
  onEnd(attempt: TargetAttempt, rawTrailers: readonly string[]): void;
  onFailure(attempt: TargetAttempt, error: Error): void;
  onUpload(bytes: number): void;
  /** It is over, once, and says so much about its target. Nothing but `onEnd` or `onFailure` follows. */
  onOver(attempt: TargetAttempt, verdict: TargetVerdict): void;
}

/** What goes upstream. */
export type AttemptRequest = Pick<Attempt, 'method' | 'path' | 'headers' | 'body'>;

/** Answers that say that a target could not do its work, rather than that the request was bad. */
const failing = new Set([502, 503, 504]);

/**
 * One try to have one target answer, with its time-outs. Whatever happens, it is over once, and then tells nothing. The
 * flow of the answer passes through it: one that the client does not take is not late.
 */
export class TargetAttempt implements Attempt, Flow {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | IncomingMessage | undefined;
  reusedConnection = false;
  readonly #listener: AttemptListener;
  readonly #startedAt = performance.now();
  #running: RunningAttempt | undefined;
  #flow: Flow | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When something was last heard of it. */
  #heardAt = this.#startedAt;
  #status: number | undefined;
  #over = false;

  constructor(
    readonly target: Target,
    readonly timeouts: Timeouts,
    request: AttemptRequest,
    listener: AttemptListener,
  ) {
    this.method = request.method;
    this.path = request.path;
    this.headers = request.headers;
    this.body = request.body;
    this.#listener = listener;
  }

  start(transport: Transport): void {
    this.#awaitBytes();
    this.#running = transport.forward(this);
    if (this.#over) this.#running.cancel();
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#flow?.pause();
  }

  resume(): void {
    if (this.#over) return;
    this.#heardAt = performance.now();
    this.#awaitBytes();
    this.#flow?.resume();
  }

  /** Its answer is not wanted any more. */
  cancel(): void {
    this.#finish(this.#verdict());
  }

  onUpload(bytes: number): void {
    if (this.#over) return;
    // What is slow here is the client.
    if (this.#status === undefined) this.#heardAt = performance.now();
    this.#listener.onUpload(bytes);
  }

  onInformation(head: ResponseHead): void {
    if (!this.#over) this.#listener.onInformation(this, head);
  }

  onHead(head: ResponseHead, flow: Flow): void {
    if (this.#over) return;
    this.#answered(head);
    this.#flow = flow;
    this.#listener.onHead(this, head, this);
  }

  /** From now on it is over when it is cancelled. */
  onUpgrade(head: ResponseHead, socket: Socket, first: Buffer): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#answered(head);
    this.#listener.onUpgrade(this, head, socket, first);
  }

  onData(chunk: Buffer): void {
    if (this.#over) return;
    this.#heardAt = performance.now();
    this.#listener.onData(this, chunk);
  }

  onEnd(rawTrailers: readonly string[]): void {
    if (this.#over) return;
    this.#finish(this.#verdict());
    this.#listener.onEnd(this, rawTrailers);
  }

  onFailure(error: Error): void {
    if (this.#over) return;
    const stale = this.reusedConnection && this.#status === undefined && !(error instanceof UpstreamTimeout);
    // A target that fails at once is not fast.
    if (error instanceof UpstreamTimeout) this.target.observe(performance.now() - this.#startedAt);
    this.#finish(stale ? 'neutral' : 'failed');
    this.#listener.onFailure(this, error);
  }

  #answered({ statusCode }: ResponseHead): void {
    const now = performance.now();
    this.#heardAt = now;
    this.#status = statusCode;
    this.target.observe(now - this.#startedAt, now);
  }

  /** Most answers are there long before: one timer that looks again is cheaper than one for each time-out. */
  #awaitBytes(delayMs = Math.min(this.timeouts.firstByteMs, this.timeouts.idleMs)): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), delayMs).unref();
  }

  #look(): void {
    const [phase, timeoutMs] =
      this.#status === undefined
        ? (['first_byte', this.timeouts.firstByteMs] as const)
        : (['idle', this.timeouts.idleMs] as const);
    const leftMs = this.#heardAt + timeoutMs - performance.now();
    // Node counts in whole milliseconds, and may come a part of one early.
    if (leftMs < 1) this.onFailure(new UpstreamTimeout(phase, timeoutMs));
    else this.#awaitBytes(Math.min(leftMs, this.timeouts.idleMs));
  }

  #verdict(): TargetVerdict {
    if (this.#status === undefined) return 'neutral';
    return failing.has(this.#status) ? 'failed' : 'ok';
  }

  #finish(verdict: TargetVerdict): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#running?.cancel();
    this.#listener.onOver(this, verdict);
  }
}
