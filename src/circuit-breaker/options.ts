import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { GatewayContext } from '../core/context.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { errorOptions, functionOption, objectWith } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';

/** Options of `circuitBreaker()`. */
export interface CircuitBreakerOptions extends ErrorOptions {
  /** Opens when more than this share of requests fails. Between 0 and 1. Default 0.5. */
  readonly failureRatio?: number | undefined;
  /** Over this time, in milliseconds. Default 10,000. */
  readonly windowMs?: number | undefined;
  /** And not before this many requests in it. Default 5. */
  readonly minimumRequests?: number | undefined;
  /** How long it stays open before one request may try, in milliseconds. Doubles at each failed try. Default 10,000. */
  readonly halfOpenAfterMs?: number | undefined;
  /** The longest it stays open, in milliseconds. Default 60,000. */
  readonly maxHalfOpenAfterMs?: number | undefined;
  /** What a breaker is for. Default: the service's name, else `name`. */
  readonly key?: ((req: IncomingMessage, context: GatewayContext) => string) | undefined;
  /** Name of the breaker where there is no service and no `key`. Default `default`. */
  readonly name?: string | undefined;
  /** How many breakers there may be; requests with further keys share one. Default 1000. */
  readonly maxBreakers?: number | undefined;
  /** Hears of changes of state. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where changes of state are told to other parts of a gateway. */
  readonly events?: GatewayEvents | undefined;
}

export const circuitBreakerSchema = z
  .strictObject({
    ...errorOptions,
    failureRatio: z.number().gt(0).lt(1).default(0.5),
    windowMs: z.int().min(100).max(3_600_000).default(10_000),
    minimumRequests: z.int().positive().max(1_000_000).default(5),
    halfOpenAfterMs: z.int().positive().max(3_600_000).default(10_000),
    maxHalfOpenAfterMs: z.int().positive().max(86_400_000).default(60_000),
    key: functionOption<(req: IncomingMessage, context: GatewayContext) => string>().optional(),
    name: z.string().min(1).max(128).default('default'),
    maxBreakers: z.int().positive().max(100_000).default(1000),
    logger: objectWith<Logger>('info', 'warn', 'error').optional(),
    events: objectWith<GatewayEvents>('publish').optional(),
  })
  .refine((value) => value.maxHalfOpenAfterMs >= value.halfOpenAfterMs, {
    path: ['maxHalfOpenAfterMs'],
    error: 'must not be less than `halfOpenAfterMs`',
  });

/** Options with their defaults. */
export type ResolvedCircuitBreaker = z.output<typeof circuitBreakerSchema>;
