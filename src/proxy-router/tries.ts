import type { Socket } from 'node:net';
import { type AttemptListener, type AttemptRequest, TargetAttempt } from './attempt.js';
import { retryAfterMs } from './replay.js';
import type { Service } from './service.js';
import type { Target } from './target.js';
import type { NoTarget, TargetVerdict } from './target-pool.js';
import type { Flow, ResponseHead, Transport } from './transport.js';

/** One request, and whom its tries tell how they go. */
export interface TriedRequest {
  readonly service: Service;
  readonly transport: Transport;
  /** What consistent hashing goes by. */
  readonly key: string | undefined;
  /** Whether the request can be sent more than once. */
  readonly replayable: boolean;
  /** Whether a second target may be asked beside the first. */
  readonly hedgeable: boolean;
  /** What goes to a target. */
  requestFor(target: Target): AttemptRequest;
  /** A target is tried. */
  onTry(target: Target): void;
  /** It failed, and another one is tried. */
  onRetry(target: Target, cause: Error): void;
  /** An answer has begun, and counts: whatever happens to it is told from now on. */
  onAnswer(target: Target, head: ResponseHead, flow: Flow): void;
  /** The upstream has switched protocols, as it was asked to. */
  onUpgrade(target: Target, head: ResponseHead, socket: Socket, first: Buffer): void;
  onData(chunk: Buffer): void;
  onEnd(rawTrailers: readonly string[]): void;
  onInformation(head: ResponseHead): void;
  onUpload(bytes: number): void;
  /** It broke for good, before the answer or in its midst. */
  onFailure(target: Target, cause: Error): void;
  /** There is nobody to try; not told where a try has failed before. */
  onNoTarget(reason: NoTarget): void;
}

/** Tries targets with one request until one of them answers. */
export class Tries implements AttemptListener {
  readonly #request: TriedRequest;
  // A handful at most, and mostly one: sets would cost more than they find.
  readonly #tried: Target[] = [];
  readonly #running: TargetAttempt[] = [];
  #answering: TargetAttempt | undefined;
  #retries = 0;
  #failure: { readonly target: Target; readonly cause: Error } | undefined;
  #leaveQueue: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(request: TriedRequest) {
    this.#request = request;
  }

  /** Tries one target more. */
  next(): void {
    const { service, key } = this.#request;
    this.#leaveQueue = service.pool.take(key, this.#tried, (target) => {
      this.#leaveQueue = undefined;
      if (typeof target === 'string') this.#nobody(target);
      else this.#launch(target);
    });
  }

  /** Ends whatever runs. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#leaveQueue?.();
    for (const attempt of [...this.#running]) attempt.cancel();
  }

  onInformation(_attempt: TargetAttempt, head: ResponseHead): void {
    if (this.#answering === undefined) this.#request.onInformation(head);
  }

  onUpload(bytes: number): void {
    this.#request.onUpload(bytes);
  }

  onHead(attempt: TargetAttempt, head: ResponseHead, flow: Flow): void {
    if (this.#isRetriable(head) && this.#mayRetry()) {
      attempt.cancel();
      this.#retry(attempt.target, new Error(`The upstream answered with ${head.statusCode}`));
      return;
    }
    this.#answer(attempt);
    this.#request.onAnswer(attempt.target, head, flow);
  }

  onUpgrade(attempt: TargetAttempt, head: ResponseHead, socket: Socket, first: Buffer): void {
    this.#answer(attempt);
    this.#request.onUpgrade(attempt.target, head, socket, first);
  }

  onData(_attempt: TargetAttempt, chunk: Buffer): void {
    this.#request.onData(chunk);
  }

  onEnd(_attempt: TargetAttempt, rawTrailers: readonly string[]): void {
    this.#request.onEnd(rawTrailers);
  }

  onFailure(attempt: TargetAttempt, cause: Error): void {
    if (this.#over) return;
    const { target } = attempt;
    this.#failure = { target, cause };
    if (attempt === this.#answering) this.#request.onFailure(target, cause);
    else if (this.#running.length > 0) this.#request.onRetry(target, cause);
    else {
      // What was wrong with a connection says nothing about its target.
      if (attempt.reusedConnection) remove(this.#tried, target);
      if (this.#mayRetry()) this.#retry(target, cause);
      else this.#request.onFailure(target, cause);
    }
  }

  onOver(attempt: TargetAttempt, verdict: TargetVerdict): void {
    remove(this.#running, attempt);
    this.#request.service.pool.giveBack(attempt.target, verdict);
  }

  #answer(attempt: TargetAttempt): void {
    this.#answering = attempt;
    clearTimeout(this.#timer);
    if (this.#running.length > 1)
      for (const other of [...this.#running]) if (other !== attempt) other.cancel();
  }

  #launch(target: Target): void {
    const { service, transport } = this.#request;
    const { pool, timeouts } = service;
    this.#tried.push(target);
    this.#request.onTry(target);
    let request: AttemptRequest;
    try {
      request = this.#request.requestFor(target);
    } catch (error) {
      pool.giveBack(target, 'neutral');
      this.#request.onFailure(target, error as Error);
      return;
    }
    const attempt = new TargetAttempt(target, timeouts, request, this);
    this.#running.push(attempt);
    attempt.start(transport);
    this.#hedge();
  }

  /** Where the answer does not begin in time, a second target is asked beside the first. */
  #hedge(): void {
    const { service, hedgeable } = this.#request;
    const { retries } = service;
    if (!hedgeable || !retries || retries.hedgeAfterMs === undefined || this.#retries > 0) return;
    this.#timer = setTimeout(() => {
      if (!this.#mayRetry()) return;
      this.#retries += 1;
      this.next();
    }, retries.hedgeAfterMs).unref();
  }

  #retry(target: Target, cause: Error): void {
    const { service } = this.#request;
    if (!service.retries) return;
    const { backoffMs, maxBackoffMs } = service.retries;
    const longest = Math.min(maxBackoffMs, backoffMs * 2 ** this.#retries);
    this.#retries += 1;
    this.#request.onRetry(target, cause);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.next(), Math.random() * longest);
  }

  #mayRetry(): boolean {
    const { service, replayable } = this.#request;
    const { retries, budget, pool } = service;
    if (!retries || !replayable || this.#retries >= retries.attempts) return false;
    return pool.hasOther(this.#tried) && budget?.withdraw() === true;
  }

  #isRetriable({ statusCode, rawHeaders }: ResponseHead): boolean {
    const { retries } = this.#request.service;
    if (!retries || this.#running.length > 1 || !retries.statuses.includes(statusCode)) return false;
    return retryAfterMs(rawHeaders) <= retries.maxBackoffMs;
  }

  #nobody(reason: NoTarget): void {
    if (this.#running.length > 0) return;
    if (this.#failure) this.#request.onFailure(this.#failure.target, this.#failure.cause);
    else this.#request.onNoTarget(reason);
  }
}

function remove<Item>(from: Item[], item: Item): void {
  const at = from.indexOf(item);
  if (at !== -1) from.splice(at, 1);
}
