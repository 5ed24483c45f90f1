import { z } from 'zod';
import { objectWith } from '../core/options.js';
import type { Sink } from './sink.js';

/** How events wait for a sink. */
export interface SinkQueueOptions {
  /** How many events make a batch. A positive integer up to 100,000. Default 1,000. */
  readonly batchSize?: number | undefined;
  /** How long an event waits at most before a smaller batch is written, in milliseconds. Default 1,000. */
  readonly flushMs?: number | undefined;
  /** How many events wait at most; further ones are dropped and counted. Not below `batchSize`. Default 10,000. */
  readonly maxBuffered?: number | undefined;
  /** How long one write may take, retries included, in milliseconds. Default 10,000. */
  readonly writeTimeoutMs?: number | undefined;
  /** How long closing may take, in milliseconds. What is not written by then is lost and counted. Default 5,000. */
  readonly closeTimeoutMs?: number | undefined;
}

const longest = 3_600_000;

export const sinkQueueSchema = z
  .strictObject({
    batchSize: z.int().positive().max(100_000).default(1000),
    flushMs: z.int().positive().max(longest).default(1000),
    maxBuffered: z.int().positive().max(1_000_000).default(10_000),
    writeTimeoutMs: z.int().positive().max(longest).default(10_000),
    closeTimeoutMs: z.int().positive().max(longest).default(5000),
  })
  .superRefine(({ batchSize, maxBuffered }, context) => {
    if (maxBuffered >= batchSize) return;
    const message = `must be at least \`batchSize\`, which is ${batchSize}`;
    context.addIssue({ code: 'custom', path: ['maxBuffered'], message });
  });

/** `sinks`, wherever it is an option: where request events go in batches. */
export const sinksOption = z.array(objectWith<Sink>('write')).max(20);

/** Options with their defaults. */
export type ResolvedSinkQueue = z.output<typeof sinkQueueSchema>;
