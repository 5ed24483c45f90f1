import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { GatewayContext } from '../core/context.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import {
  errorOptions,
  functionOption,
  objectWith,
  tierLimitsSchema,
  trustProxyOption,
} from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import { defaultTiers, SYSTEM_TIER, type TierLimits } from '../core/tiers.js';
import type { RedisClient } from '../redis/client.js';
import type { AdaptiveOptions } from './adaptive-options.js';
import type { LimiterLike } from './limiter-store.js';
import type { QuotaStore } from './quota-store.js';

/** Something that a function of the request decides. */
export type PerRequest<Value> = (req: IncomingMessage, context: GatewayContext) => Value;

/** Who decides while Redis is away: each replica's memory, nobody (all is admitted), nobody (all is refused). */
export type StoreErrorPolicy = 'local' | 'open' | 'closed';

/** Options of `rateLimit()`. */
export interface RateLimitOptions extends ErrorOptions {
  /** Tiers by name. One given here replaces the default one of that name whole. Default: the five tiers. */
  readonly tiers?: Readonly<Record<string, TierLimits>> | undefined;
  /**
   * How the minute is counted. `sliding-window`: at most `requestsPerMinute` in any minute. `token-bucket`: a bucket
   * that holds `burstLimit` tokens and is refilled at `requestsPerMinute`, for spikes that are served and then
   * smoothed; it takes the place of `burst` and `per_minute`. Default `sliding-window`.
   */
  readonly algorithm?: 'sliding-window' | 'token-bucket' | undefined;
  /** Length of the window that `burstLimit` is a ceiling on, in milliseconds. Default 1000. */
  readonly burstWindowMs?: number | undefined;
  /**
   * Whom limits are counted for. Default: the identity (`key:<id>`), else the client's address (`ip:<address>`).
   * Keys longer than 256 characters are hashed.
   */
  readonly key?: PerRequest<string> | undefined;
  /** Of an IPv6 address, so many bits are one subject: 1 to 128. Default 64, what one customer usually has. */
  readonly ipv6SubnetBits?: number | undefined;
  /** Requests that are not limited at all. Default: none. */
  readonly skip?: PerRequest<boolean> | undefined;
  /** How many requests one counts for: a positive number, or a function. Default 1. */
  readonly points?: number | PerRequest<number> | undefined;
  /** Estimated cost in dollars, or a function. Default: the service's `cost`, else 0. */
  readonly cost?: number | PerRequest<number> | undefined;
  /** What a request costs whose client leaves before its end: what was estimated, or nothing. Default `keep`. */
  readonly onAbort?: 'keep' | 'refund' | undefined;
  /** Limits that follow the load of the process, and the behaviour of a subject. Default: none. */
  readonly adaptive?: AdaptiveOptions | undefined;
  /** Decides, reports and counts, and refuses nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** An ioredis client: limits are shared by all replicas that have one to the same Redis. Default: none. */
  readonly redis?: RedisClient | undefined;
  /** In front of every key in Redis. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a request may wait for Redis, in milliseconds. Default 100. */
  readonly storeTimeoutMs?: number | undefined;
  /** What happens while Redis is away. Default `local`. */
  readonly onStoreError?: StoreErrorPolicy | undefined;
  /** Among how many replicas limits are divided while each decides alone. Default 1. */
  readonly replicas?: number | undefined;
  /** Where usage is counted instead. Not together with `redis`. Default: this process's memory. */
  readonly store?: QuotaStore | undefined;
  /** A limiter of rate-limiter-flexible that decides instead, by its own points and duration. */
  readonly limiter?: LimiterLike | undefined;
  /** How many subjects the memory store remembers; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /**
   * How long a request holds its slot in Redis if its process dies, in milliseconds. Long responses renew it.
   * Default 30,000.
   */
  readonly leaseMs?: number | undefined;
  /** Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` too. Default false. */
  readonly legacyHeaders?: boolean | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Hears when Redis is lost and back. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where other parts of a gateway hear of it. */
  readonly events?: GatewayEvents | undefined;
}

const perRequestNumber = (number: z.ZodType<number>) =>
  z.union([number, functionOption<PerRequest<number>>()]);

const slots = z.int().positive().max(1_000_000);

export const loadSchema = z
  .strictObject({
    initialLimit: slots.optional(),
    minLimit: slots.optional(),
    maxLimit: slots.default(1000),
    tolerance: z.number().min(1.1).max(10).default(1.5),
    windowMs: z.int().min(100).max(60_000).default(1000),
    tiers: z
      .record(z.string().min(1).max(64), z.number().gt(0).max(1))
      .refine((tiers) => !Object.hasOwn(tiers, SYSTEM_TIER), 'must not have `system`, which is never shed')
      .optional(),
  })
  .refine(({ minLimit = 1, maxLimit }) => minLimit <= maxLimit, {
    path: ['minLimit'],
    error: 'must not be more than `maxLimit`',
  })
  .refine(
    ({ initialLimit: at, minLimit = 1, maxLimit }) => at === undefined || (at >= minLimit && at <= maxLimit),
    {
      path: ['initialLimit'],
      error: 'must not be less than `minLimit` or more than `maxLimit`',
    },
  )
  .transform((load) => {
    const minLimit = load.minLimit ?? Math.min(5, load.initialLimit ?? load.maxLimit);
    const initialLimit = load.initialLimit ?? Math.max(minLimit, Math.min(20, load.maxLimit));
    return { ...load, minLimit, initialLimit };
  });

export const behaviourSchema = z
  .strictObject({
    intervalMs: z.int().min(100).max(86_400_000).default(10_000),
    minIntervals: z.int().min(2).max(10_000).default(12),
    historyIntervals: z.int().min(2).max(1_000_000).default(60),
    ratio: z.number().min(1).max(1000).default(3),
    sigmas: z.number().nonnegative().max(1000).default(4),
    minRequests: z.int().positive().max(1_000_000_000).default(20),
    minFactor: z.number().min(0.01).max(1).default(0.25),
  })
  .refine((value) => value.historyIntervals >= value.minIntervals, {
    path: ['historyIntervals'],
    error: 'must not be less than `minIntervals`',
  });

/** Options, or `true` for their defaults. */
const switchable = <Output>(schema: z.ZodType<Output>) =>
  z.union([z.boolean().transform((on) => (on ? schema.parse({}) : undefined)), schema]).optional();

const adaptiveSchema = z.strictObject({
  load: switchable(loadSchema),
  behaviour: switchable(behaviourSchema),
});

/** Options of `adaptive.load` with their defaults. */
export type ResolvedLoad = z.output<typeof loadSchema>;

/** Options of `adaptive.behaviour` with their defaults. */
export type ResolvedBehaviour = z.output<typeof behaviourSchema>;

export const rateLimitSchema = z
  .strictObject({
    ...errorOptions,
    tiers: z.record(z.string().min(1).max(64), tierLimitsSchema).optional(),
    algorithm: z.enum(['sliding-window', 'token-bucket']).default('sliding-window'),
    burstWindowMs: z.int().min(1).max(3_600_000).default(1000),
    key: functionOption<PerRequest<string>>().optional(),
    ipv6SubnetBits: z.int().min(1).max(128).default(64),
    skip: functionOption<PerRequest<boolean>>().optional(),
    points: perRequestNumber(z.number().positive()).default(1),
    cost: perRequestNumber(z.number().nonnegative().max(1_000_000)).optional(),
    onAbort: z.enum(['keep', 'refund']).default('keep'),
    adaptive: adaptiveSchema.optional(),
    dryRun: z.boolean().default(false),
    redis: objectWith<RedisClient>('evalsha', 'eval', 'ping').optional(),
    keyPrefix: z.string().max(64).default('gw:'),
    storeTimeoutMs: z.int().positive().max(60_000).default(100),
    onStoreError: z.enum(['local', 'open', 'closed']).default('local'),
    replicas: z.int().positive().max(10_000).default(1),
    store: objectWith<QuotaStore>('reserve', 'settle', 'peek').optional(),
    limiter: objectWith<LimiterLike>('consume', 'get').optional(),
    maxSubjects: z.int().positive().max(16_000_000).default(100_000),
    leaseMs: z.int().min(100).max(86_400_000).default(30_000),
    legacyHeaders: z.boolean().default(false),
    trustProxy: trustProxyOption.optional(),
    logger: objectWith<Logger>('info', 'warn', 'error').optional(),
    events: objectWith<GatewayEvents>('publish').optional(),
  })
  .refine(({ redis, store, limiter }) => [redis, store, limiter].filter(Boolean).length <= 1, {
    error: 'must have one of `redis`, `store` and `limiter`, not several',
  })
  .refine(({ adaptive, limiter }) => limiter === undefined || adaptive?.behaviour === undefined, {
    path: ['adaptive', 'behaviour'],
    error: 'must not be on with a `limiter`, which has a limit of its own',
  })
  .refine(
    ({ adaptive, tiers }) => {
      const known = mergeTiers(tiers);
      return Object.keys(adaptive?.load?.tiers ?? {}).every((tier) => known.has(tier));
    },
    {
      path: ['adaptive', 'load', 'tiers'],
      error: 'must have tiers that there are, in `tiers` or by default',
    },
  );

/** Options with their defaults. */
export type ResolvedRateLimit = z.output<typeof rateLimitSchema>;

/** All tiers by name: the user's, over the five default ones. */
export function mergeTiers(tiers: RateLimitOptions['tiers']): Map<string, TierLimits> {
  return new Map([...Object.entries(defaultTiers), ...Object.entries(tiers ?? {})]);
}

/** Options of `addressLimit()`, and of `perAddress` in a gateway. */
export interface AddressLimitOptions extends ErrorOptions {
  /** How many requests an address may send in a window. A positive integer. */
  readonly requests: number;
  /** Length of the window, in milliseconds. Default 60,000. */
  readonly windowMs?: number | undefined;
  /** Of an IPv6 address, so many bits count as one. Default 64. */
  readonly ipv6SubnetBits?: number | undefined;
  /** An ioredis client: addresses are counted for all replicas. While it is away, each counts alone. */
  readonly redis?: RedisClient | undefined;
  /** In front of every key in Redis. Default `gw:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a request may wait for Redis, in milliseconds. Default 100. */
  readonly storeTimeoutMs?: number | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
}

export const addressLimitSchema = z.strictObject({
  ...errorOptions,
  requests: z.int().positive().max(1_000_000_000),
  windowMs: z.int().min(1000).max(86_400_000).default(60_000),
  ipv6SubnetBits: z.int().min(1).max(128).default(64),
  redis: objectWith<RedisClient>('evalsha', 'eval', 'ping').optional(),
  keyPrefix: z.string().max(64).default('gw:'),
  storeTimeoutMs: z.int().positive().max(60_000).default(100),
  trustProxy: trustProxyOption.optional(),
});

/** Options with their defaults. */
export type ResolvedAddressLimit = z.output<typeof addressLimitSchema>;
