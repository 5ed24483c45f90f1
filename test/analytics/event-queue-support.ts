import { EventQueue } from '../../src/analytics/event-queue.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import type { Sink } from '../../src/analytics/sink.js';
import { type SinkQueueOptions, sinkQueueSchema } from '../../src/analytics/sink-options.js';
import { silentLogger } from '../../src/core/logger.js';
import { checkOptions } from '../../src/core/options.js';
import { events } from './sink-support.js';

/** The next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Options with their defaults. */
export const settings = (options: SinkQueueOptions) => checkOptions('sinks', sinkQueueSchema, options);
/** A queue in front of a sink. */
export const queueOf = (sink: Sink, options: SinkQueueOptions = {}, logger = silentLogger) =>
  new EventQueue(sink, settings(options), logger);

/** A sink that keeps what it is given, and settles when it is told. */
export function heldSink() {
  const batches: (readonly RequestEvent[])[] = [];
  const settle: { done: () => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  const sink: Sink = {
    write: (batch, signal) =>
      new Promise<void>((done, fail) => {
        batches.push(batch);
        settle.push({ done, fail, signal });
      }),
  };
  return { sink, batches, settle };
}

/** Adds so many events. */
export const add = (queue: EventQueue, count: number): void => {
  for (const each of events(count)) queue.add(each);
};
/** What was lost, and nothing else. */
export const lost = (changes: object) => ({ full: 0, failed: 0, timeout: 0, closed: 0, ...changes });
