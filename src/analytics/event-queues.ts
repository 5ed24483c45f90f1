import type { Logger } from '../core/logger.js';
import { EventQueue } from './event-queue.js';
import type { RequestEvent } from './request-event.js';
import type { Sink, SinkCounts } from './sink.js';
import type { ResolvedSinkQueue } from './sink-options.js';

/** A queue for each sink: one that fails or is slow takes nothing from the others. */
export class EventQueues {
  readonly #queues: readonly EventQueue[];

  constructor(sinks: readonly Sink[], options: ResolvedSinkQueue, logger: Logger) {
    this.#queues = sinks.map((sink) => new EventQueue(sink, options, logger));
  }

  /** Gives an event to every sink. Never throws, never waits. */
  add(event: RequestEvent): void {
    for (const queue of this.#queues) queue.add(event);
  }

  /** What has become of the events, sink by sink. */
  counts(): SinkCounts[] {
    return this.#queues.map((queue) => queue.counts());
  }

  /** Writes what waits and closes the sinks, all at the same time. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }
}
