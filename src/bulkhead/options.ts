import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { GatewayContext } from '../core/context.js';
import { errorOptions, functionOption } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';

/** How many requests may run at a time, and wait. It can differ from service to service. */
export interface BulkheadLimits {
  /** How many run at a time. Default: any number. */
  readonly maxConcurrent?: number | undefined;
  /** How many wait for a place, first in, first out. Default 0. */
  readonly maxQueue?: number | undefined;
  /** How long one waits, in milliseconds; then it is refused. Default 1000. */
  readonly queueTimeoutMs?: number | undefined;
}

/** Options of `bulkhead()`. One of `maxConcurrent` and `services` must be given. */
export interface BulkheadOptions extends BulkheadLimits, ErrorOptions {
  /** Services by name whose limits differ from these; `false` for none at all. Default: none. */
  readonly services?: Readonly<Record<string, BulkheadLimits | false>> | undefined;
  /** What a bulkhead is for. Default: the service's name, else `name`. Longer ones than 256 characters share one. */
  readonly key?: ((req: IncomingMessage, context: GatewayContext) => string) | undefined;
  /** Name of the bulkhead where there is no service and no `key`. Default `default`. */
  readonly name?: string | undefined;
  /**
   * How many bulkheads there may be that requests run in or wait for; requests with further keys share one. Those that
   * are empty are forgotten. Default 1000.
   */
  readonly maxBulkheads?: number | undefined;
}

const limitsShape = {
  maxConcurrent: z.int().positive().max(1_000_000).optional(),
  maxQueue: z.int().nonnegative().max(1_000_000).default(0),
  queueTimeoutMs: z.int().positive().max(3_600_000).default(1000),
};

export const bulkheadLimitsSchema = z.strictObject(limitsShape);

/** What a section of one service may say. */
export const serviceBulkheadOption = z.union([z.literal(false), bulkheadLimitsSchema]);

/** What a section of a gateway may say: services may have bulkheads where it says nothing. */
export const bulkheadSection = z.strictObject({
  ...errorOptions,
  ...limitsShape,
  services: z.record(z.string().min(1).max(64), serviceBulkheadOption).default({}),
  key: functionOption<(req: IncomingMessage, context: GatewayContext) => string>().optional(),
  name: z.string().min(1).max(128).default('default'),
  maxBulkheads: z.int().positive().max(100_000).default(1000),
});

export const bulkheadSchema = bulkheadSection.refine(
  ({ maxConcurrent, services }) => maxConcurrent !== undefined || Object.keys(services).length > 0,
  { path: ['maxConcurrent'], error: 'must be given where no service has one of its own in `services`' },
);

/** Options with their defaults. */
export type ResolvedBulkhead = z.output<typeof bulkheadSchema>;

/** Limits with their defaults. */
export type ResolvedLimits = z.output<typeof bulkheadLimitsSchema>;
