import { z } from 'zod';
import { startSchema } from '../server/options.js';
import { type LoggingOptions, loggingSchema } from './logging-options.js';

/** What a configuration file may say beside the options of `startGateway()`. */
export interface OwnOptions {
  /** What is logged, and how. */
  readonly logging?: LoggingOptions | undefined;
  /** How many processes serve: 1 for this one alone. Default 1. */
  readonly workers?: number | undefined;
  /** What to do where `redis` cannot be asked at the start. Default `start`: begin without it, as if it went later. */
  readonly onRedisDown?: 'start' | 'refuse' | undefined;
}

/** Those options alone. */
export const ownSchema = z.strictObject({
  logging: loggingSchema.default(() => loggingSchema.parse({})),
  workers: z.int().min(1).max(256).default(1),
  onRedisDown: z.enum(['start', 'refuse']).default('start'),
});

/** What a configuration file may say: the options of `startGateway()`, and the command line's own. */
export const configSchema = startSchema.safeExtend(ownSchema.shape);

/** The command line's own options, with defaults. */
export type ResolvedOwn = z.output<typeof ownSchema>;
