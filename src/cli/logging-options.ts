import { z } from 'zod';

/** A line for each request. */
export interface AccessLogOptions {
  /** `json`, or the `combined` format of Apache and nginx. Default `json`. */
  readonly format?: 'json' | 'combined' | undefined;
  /** The share of requests that get a line, from 0 to 1. Those that fail (5xx) always do. Default 1. */
  readonly sample?: number | undefined;
}

/** A Redis stream that the lines of all replicas go to. */
export interface LogStreamOptions {
  /** A Redis, `redis://` or `rediss://`. Default: the gateway's. */
  readonly url?: string | undefined;
  /** The stream's key. Default `gw:logs`. */
  readonly key?: string | undefined;
  /** About how many lines the stream keeps. Default 100,000. */
  readonly maxLength?: number | undefined;
  /** How many lines wait while Redis is away; further ones are lost, and counted. Default 10,000. */
  readonly maxBuffered?: number | undefined;
}

/** What is logged, and how. */
export interface LoggingOptions {
  /** The least urgent lines that are written. The access log and audit records are, at any level. Default `info`. */
  readonly level?: 'error' | 'warn' | 'info' | 'debug' | undefined;
  /** `json`, `pretty` for people, or `auto`: pretty on a terminal. Default `auto`. */
  readonly format?: 'json' | 'pretty' | 'auto' | undefined;
  /** A line for each request. Default: off. */
  readonly accessLog?: AccessLogOptions | boolean | undefined;
  /** Sends every line to a Redis stream too. Default: off. */
  readonly redis?: LogStreamOptions | boolean | undefined;
  /** Where audit records go: among the other lines, or to a file of their own. Default `log`. */
  readonly audit?: 'log' | { readonly file: string } | undefined;
}

const accessLogSchema = z.strictObject({
  format: z.enum(['json', 'combined']).default('json'),
  sample: z.number().min(0).max(1).default(1),
});

const logStreamSchema = z.strictObject({
  url: z
    .string()
    .regex(/^rediss?:\/\/\S+$/, 'must be a URL such as "redis://localhost:6379"')
    .optional(),
  key: z.string().min(1).max(256).default('gw:logs'),
  maxLength: z.int().positive().max(100_000_000).default(100_000),
  maxBuffered: z.int().positive().max(1_000_000).default(10_000),
});

export const loggingSchema = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  format: z.enum(['json', 'pretty', 'auto']).default('auto'),
  accessLog: z.union([z.boolean(), accessLogSchema]).default(false),
  redis: z.union([z.boolean(), logStreamSchema]).default(false),
  audit: z.union([z.literal('log'), z.strictObject({ file: z.string().min(1) })]).default('log'),
});

/** Options with their defaults. */
export type ResolvedLogging = z.output<typeof loggingSchema>;
export type ResolvedAccessLog = z.output<typeof accessLogSchema>;
export type ResolvedLogStream = z.output<typeof logStreamSchema>;

/** A section that may be `true`, for its defaults; undefined where it is off. */
export function accessLogOf({ accessLog }: ResolvedLogging): ResolvedAccessLog | undefined {
  return accessLog === true ? accessLogSchema.parse({}) : accessLog || undefined;
}

/** The same of the stream. */
export function logStreamOf({ redis }: ResolvedLogging): ResolvedLogStream | undefined {
  return redis === true ? logStreamSchema.parse({}) : redis || undefined;
}
