import { z } from 'zod';
import { objectWith } from '../core/options.js';
import { fileSinkOf } from './file-sink.js';
import { type FileSinkOptions, fileSinkSchema } from './file-sink-options.js';
import { type OtlpSinkOptions, otlpSchema } from './otlp-options.js';
import { otlpSinkOf } from './otlp-sink.js';
import type { Sink } from './sink.js';
import { type WebhookOptions, webhookSchema } from './webhook-options.js';
import { webhookSinkOf } from './webhook-sink.js';

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

/** A sink as a file describes it. */
export type SinkDescription =
  | { readonly webhook: WebhookOptions }
  | { readonly file: FileSinkOptions }
  | { readonly otlp: OtlpSinkOptions };

/** One object for all kinds, as the message for a mistake in a union of them would be about the wrong one. */
const description = z
  .strictObject({
    webhook: webhookSchema.optional(),
    file: fileSinkSchema.optional(),
    otlp: otlpSchema.optional(),
  })
  .refine(
    (kinds) => Object.values(kinds).filter(Boolean).length === 1,
    'must be an object with write(), or have one of `webhook`, `file` and `otlp`',
  )
  .transform(({ webhook, file, otlp }): Sink | undefined => {
    if (webhook) return webhookSinkOf(webhook);
    return file ? fileSinkOf(file) : otlp && otlpSinkOf(otlp);
  });

/** `sinks`, wherever it is an option: where request events go in batches. What describes a sink becomes one. */
export const sinksOption = z
  .array(z.union([objectWith<Sink>('write'), description]))
  .max(20)
  .transform((sinks) => sinks.filter((sink) => sink !== undefined));

/** Options with their defaults. */
export type ResolvedSinkQueue = z.output<typeof sinkQueueSchema>;
