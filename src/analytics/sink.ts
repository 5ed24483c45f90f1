import type { RequestEvent } from './request-event.js';

/**
 * Where request events go in batches: a webhook, a stream, a file, or an object of yours. It is never waited for by a
 * request, and gets one batch at a time.
 */
export interface Sink {
  /** What it is called in logs and metrics. Default `sink`. */
  readonly name?: string | undefined;
  /**
   * Takes a batch, oldest event first. The batch is lost, and counted, if this throws, rejects or takes longer than
   * `writeTimeoutMs`; the next one is not given before this has settled.
   *
   * @param signal aborted once nobody waits for this write any more
   */
  write(batch: readonly RequestEvent[], signal: AbortSignal): Promise<void> | void;
  /** Called once, after the last batch. */
  close?(): Promise<void> | void;
}

/**
 * Why events were lost: as many waited as may; the sink failed; it took too long; they came, or still waited, when it
 * was closed.
 */
export type LossReason = 'full' | 'failed' | 'timeout' | 'closed';

/** What has become of the events given to one sink. */
export interface SinkCounts {
  readonly sink: string;
  /** Taken by the sink. */
  readonly written: number;
  /** Waiting, or being written. */
  readonly buffered: number;
  /** A batch that timed out may have arrived all the same. */
  readonly lost: Readonly<Record<LossReason, number>>;
}
