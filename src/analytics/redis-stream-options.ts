import { z } from 'zod';
import { objectWith } from '../core/options.js';
import type { RedisClient } from '../redis/client.js';

/** Options of `redisStreamSink()`. */
export interface RedisStreamSinkOptions {
  /** An ioredis client: of one server, of Sentinels, or of a Cluster. It is not closed with the sink. */
  readonly client: RedisClient;
  /** The stream's key. Default `gw:events`. */
  readonly key?: string | undefined;
  /** About how many events the stream keeps: the oldest go first. A positive integer. Default 100,000. */
  readonly maxLength?: number | undefined;
  /** How long one try may take before Redis counts as not there, in milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
}

export const redisStreamSchema = z.strictObject({
  client: objectWith<RedisClient>('pipeline', 'ping'),
  key: z.string().min(1).max(512).default('gw:events'),
  maxLength: z.int().positive().max(1_000_000_000).default(100_000),
  timeoutMs: z.int().positive().max(600_000).default(2000),
});
