import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { errorOptions, functionOption, objectWith } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { RedisClient } from '../redis/client.js';
import { type AlertOptions, type AlertRule, alertsOption } from './alert-options.js';
import { type ForecastOptions, forecastSchema } from './forecast-options.js';
import type { Gather } from './gather.js';
import type { Sink } from './sink.js';
import { type SinkDescription, type SinkQueueOptions, sinkQueueSchema, sinksOption } from './sink-options.js';

/** How usage is kept. */
export interface UsageOptions {
  /** How many subjects, by tier and service, are told apart on one day; further ones are `other`. Default 10,000. */
  readonly maxEntries?: number | undefined;
  /** For how many days, the current one included. Default 31. */
  readonly keepDays?: number | undefined;
}

/** Options of `analytics()`. */
export interface AnalyticsOptions extends ErrorOptions {
  /** Where the Prometheus metrics are registered. Default: a registry of its own. */
  readonly registry?: Registry | undefined;
  /** How many values a label may have; further ones are counted as `other`. Default 100. */
  readonly maxLabelValues?: number | undefined;
  /** Adds prom-client's metrics of the process and of Node: CPU, memory, event loop. Default false. */
  readonly processMetrics?: boolean | undefined;
  /** Asks the other processes behind the same port for their metrics, which are then shown added up. Default: none. */
  readonly gather?: Gather | undefined;
  /** How usage is told apart, and for how long it is kept. */
  readonly usage?: UsageOptions | undefined;
  /** Where the totals of all replicas are added up. Default: each replica shows its own. */
  readonly redis?: RedisClient | undefined;
  /** In front of every key in Redis. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long Redis may take to answer, in milliseconds. Default 1000. */
  readonly storeTimeoutMs?: number | undefined;
  /** How often totals go to Redis, in milliseconds. Default 1000. */
  readonly flushMs?: number | undefined;
  /** Where each request is reported to, in batches. Default: nowhere. */
  readonly sinks?: readonly (Sink | SinkDescription)[] | undefined;
  /** How events wait for the sinks. */
  readonly sinkQueue?: SinkQueueOptions | undefined;
  /** Rules that tell when something is wrong, and who is told. Default: none. */
  readonly alerts?: AlertOptions | readonly AlertRule[] | undefined;
  /** Predicts the request rate. Default: off. */
  readonly forecast?: ForecastOptions | undefined;
  /** Where changes of state in other parts of a gateway are heard. */
  readonly events?: GatewayEvents | undefined;
  /** Hears of sinks that fail, and of Redis. Default: silent. */
  readonly logger?: Logger | undefined;
}

const usageSchema = z.strictObject({
  maxEntries: z.int().positive().max(1_000_000).default(10_000),
  keepDays: z.int().positive().max(366).default(31),
});

export const analyticsSchema = z.strictObject({
  ...errorOptions,
  registry: objectWith<Registry>('registerMetric', 'metrics').optional(),
  maxLabelValues: z.int().positive().max(10_000).default(100),
  processMetrics: z.boolean().default(false),
  gather: functionOption<Gather>().optional(),
  usage: usageSchema.default(() => usageSchema.parse({})),
  redis: objectWith<RedisClient>('evalsha', 'eval', 'ping').optional(),
  keyPrefix: z.string().max(128).default('gw:'),
  storeTimeoutMs: z.int().positive().max(60_000).default(1000),
  flushMs: z.int().min(10).max(60_000).default(1000),
  sinks: sinksOption.default([]),
  sinkQueue: sinkQueueSchema.default(() => sinkQueueSchema.parse({})),
  alerts: alertsOption.optional(),
  forecast: forecastSchema.optional(),
  events: objectWith<GatewayEvents>('on', 'publish').optional(),
  logger: objectWith<Logger>('info', 'warn', 'error').optional(),
});

/** Options with their defaults. */
export type ResolvedAnalytics = z.output<typeof analyticsSchema>;
