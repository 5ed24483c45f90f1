import type { Logger } from '../core/logger.js';
import type { RequestEvent } from './request-event.js';
import type { LossReason, Sink, SinkCounts } from './sink.js';
import type { ResolvedSinkQueue } from './sink-options.js';

/**
 * The events that wait for one sink. Adding one is synchronous and does no work for the sink: batches are written
 * later, one at a time. Bounded, whatever the sink does: while a write that was given up still hangs, no other begins,
 * and what then finds no place is dropped. Every event added is written, lost or buffered.
 */
export class EventQueue {
  readonly #sink: Sink;
  readonly #name: string;
  readonly #options: ResolvedSinkQueue;
  readonly #logger: Logger;
  #waiting: RequestEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  /** Settles when the sink is free, be it because a write that was given up has ended at last. */
  #busy: Promise<void> | undefined;
  /** Events of the write that is waited for. */
  #writing = 0;
  #abort: AbortController | undefined;
  #written = 0;
  readonly #lost = { full: 0, failed: 0, timeout: 0, closed: 0 };
  #failing = false;
  /** Whether anything was lost since the write under way began. */
  #lostSince = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(sink: Sink, options: ResolvedSinkQueue, logger: Logger) {
    this.#sink = sink;
    this.#name = sink.name ?? 'sink';
    this.#options = options;
    this.#logger = logger;
  }

  /** Takes an event, or counts it as lost. Never throws. */
  add(event: RequestEvent): void {
    if (this.#isClosed) this.#lose('closed', 1);
    else if (this.#waiting.length >= this.#options.maxBuffered) this.#lose('full', 1);
    else {
      this.#waiting.push(event);
      this.#schedule();
    }
  }

  /** What has become of the events so far. */
  counts(): SinkCounts {
    return {
      sink: this.#name,
      written: this.#written,
      buffered: this.#waiting.length + this.#writing,
      lost: { ...this.#lost },
    };
  }

  /** Writes what waits, within `closeTimeoutMs`, and closes the sink. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** A whole batch is written as soon as this turn of the loop is over: making it takes the sink time. */
  #schedule(): void {
    if (this.#busy !== undefined || this.#waiting.length === 0) return;
    if (this.#waiting.length >= this.#options.batchSize) {
      this.#soon ??= setImmediate(() => this.#write());
    } else {
      this.#timer ??= setTimeout(() => this.#write(), this.#options.flushMs).unref();
    }
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
  }

  #write(): void {
    this.#unschedule();
    const batch = this.#nextBatch();
    const count = batch.length;
    const abort = new AbortController();
    this.#abort = abort;
    this.#writing = count;
    this.#lostSince = false;
    let waitedFor = true;
    const settle = (reason: LossReason | undefined, error?: unknown): void => {
      if (!waitedFor) return;
      waitedFor = false;
      clearTimeout(timer);
      this.#abort = undefined;
      this.#writing = 0;
      if (reason === undefined) this.#succeeded(count);
      else this.#lose(reason, count, error);
    };
    const timer = setTimeout(() => {
      settle('timeout');
      abort.abort();
    }, this.#options.writeTimeoutMs).unref();
    abort.signal.addEventListener('abort', () => settle('closed'), { once: true });
    this.#busy = new Promise<void>((resolve) => resolve(this.#sink.write(batch, abort.signal)))
      .then(
        () => settle(undefined),
        (error: unknown) => settle('failed', error),
      )
      .then(() => {
        this.#busy = undefined;
        if (!this.#isClosed) this.#schedule();
      });
  }

  #nextBatch(): RequestEvent[] {
    if (this.#waiting.length > this.#options.batchSize)
      return this.#waiting.splice(0, this.#options.batchSize);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#unschedule();
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    // Not unref'ed: a process that waits for nothing else must not end before its last events are written.
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, this.#options.closeTimeoutMs);
    });
    await Promise.race([this.#drain(() => isLate), deadline]);
    this.#abort?.abort();
    this.#lose('closed', this.#waiting.length);
    this.#waiting = [];
    await Promise.race([this.#end(), deadline]);
    clearTimeout(timer);
  }

  async #drain(isLate: () => boolean): Promise<void> {
    await this.#busy;
    while (this.#waiting.length > 0 && !isLate()) {
      this.#write();
      await this.#busy;
    }
  }

  async #end(): Promise<void> {
    try {
      await this.#sink.close?.();
    } catch (error) {
      this.#logger.warn('A sink could not be closed', { sink: this.#name, error: shown(error) });
    }
  }

  #succeeded(count: number): void {
    this.#written += count;
    if (!this.#failing || this.#lostSince) return;
    this.#failing = false;
    this.#logger.info('A sink takes events again', { sink: this.#name, lost: { ...this.#lost } });
  }

  /** One line for each time that a sink begins to fail, not for each event. */
  #lose(reason: LossReason, count: number, error?: unknown): void {
    if (count === 0) return;
    this.#lost[reason] += count;
    this.#lostSince = true;
    if (this.#failing) return;
    this.#failing = true;
    this.#logger.warn('A sink loses events', {
      sink: this.#name,
      reason,
      ...(error === undefined ? {} : { error: shown(error) }),
    });
  }
}

function shown(error: unknown): string {
  try {
    return String(error).slice(0, 200);
  } catch {
    return 'an error that cannot be shown';
  }
}
