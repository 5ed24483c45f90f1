import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { GatewayContext, ServiceMatch } from '../core/context.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { errorOptions, functionOption, objectWith } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { RedisClient } from '../redis/client.js';
import {
  type BreakerPolicyOptions,
  policyProblem,
  policyShape,
  servicePolicySchema,
} from './policy-options.js';

/** How replicas decide together. */
export interface SharedBreakerOptions {
  /**
   * A breaker opens on every replica when at least this share of the replicas that live sees it failing. Above 0, at
   * most 1. Default 0.5.
   */
  readonly quorum?: number | undefined;
  /** How often a replica says what it sees, in milliseconds; after three times that it counts as gone. Default 1000. */
  readonly heartbeatMs?: number | undefined;
}

/** Finds what a request would be if it were for another service; undefined where it may not be sent there. */
export type ServiceMatcher = (
  req: IncomingMessage,
  name: string,
) => ServiceMatch | undefined | PromiseLike<ServiceMatch | undefined>;

/** Options of `circuitBreaker()`. */
export interface CircuitBreakerOptions extends BreakerPolicyOptions, ErrorOptions {
  /** Services by name whose options differ from these; `false` for no breaker at all. Default: none. */
  readonly services?: Readonly<Record<string, BreakerPolicyOptions | false>> | undefined;
  /**
   * What a breaker is for. Default: the service's name, else `name`. Keys longer than 256 characters share the breaker
   * of those that came after `maxBreakers`.
   */
  readonly key?: ((req: IncomingMessage, context: GatewayContext) => string) | undefined;
  /** Name of the breaker where there is no service and no `key`. Default `default`. */
  readonly name?: string | undefined;
  /**
   * How many breakers there may be. When there are so many, one that is closed and was idle for a minute makes room;
   * requests with further keys share one. Default 1000.
   */
  readonly maxBreakers?: number | undefined;
  /** What `failover` goes by: a router's `matchNamed`, or one that also asks who may. Required where there is one. */
  readonly matchService?: ServiceMatcher | undefined;
  /** Shares states between replicas, through `redis`. `true` stands for the defaults. Default false. */
  readonly shared?: boolean | SharedBreakerOptions | undefined;
  /** An ioredis client. Required where `shared` is on. */
  readonly redis?: RedisClient | undefined;
  /** In front of every key in Redis. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a call to Redis may take, in milliseconds. No request waits for one. Default 500. */
  readonly storeTimeoutMs?: number | undefined;
  /** Hears of changes of state. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where changes of state are told to other parts of a gateway. */
  readonly events?: GatewayEvents | undefined;
}

const sharedSchema = z.strictObject({
  quorum: z.number().gt(0).max(1).default(0.5),
  heartbeatMs: z.int().min(100).max(60_000).default(1000),
});

/** What a section of one service may say. */
export const servicePolicyOption = z.union([z.literal(false), servicePolicySchema]);

export const circuitBreakerSchema = z
  .strictObject({
    ...errorOptions,
    ...policyShape,
    services: z.record(z.string().min(1).max(64), servicePolicyOption).default({}),
    key: functionOption<(req: IncomingMessage, context: GatewayContext) => string>().optional(),
    name: z.string().min(1).max(128).default('default'),
    maxBreakers: z.int().positive().max(100_000).default(1000),
    matchService: functionOption<ServiceMatcher>().optional(),
    shared: z.union([z.boolean(), sharedSchema]).default(false),
    redis: objectWith<RedisClient>('evalsha', 'eval', 'ping').optional(),
    keyPrefix: z.string().max(64).default('gw:'),
    storeTimeoutMs: z.int().positive().max(60_000).default(500),
    logger: objectWith<Logger>('info', 'warn', 'error').optional(),
    events: objectWith<GatewayEvents>('publish').optional(),
  })
  .superRefine((value, check) => {
    const problem = policyProblem(value);
    if (problem) check.addIssue({ code: 'custom', ...problem });
  });

/** Options with their defaults. */
export type ResolvedCircuitBreaker = z.output<typeof circuitBreakerSchema>;

/** How replicas decide together; undefined where they don't. */
export function sharedOf({ shared }: Pick<ResolvedCircuitBreaker, 'shared'>) {
  if (shared === false) return undefined;
  return sharedSchema.parse(shared === true ? {} : shared);
}
