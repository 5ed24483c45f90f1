import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { GatewayContext } from '../core/context.js';
import {
  errorOptions,
  functionOption,
  objectWith,
  tierLimitsSchema,
  trustProxyOption,
} from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import { defaultTiers, type TierLimits } from '../core/tiers.js';
import type { QuotaStore } from './quota-store.js';

/** Something that a function of the request decides. */
export type PerRequest<Value> = (req: IncomingMessage, context: GatewayContext) => Value;

/** Options of `rateLimit()`. */
export interface RateLimitOptions extends ErrorOptions {
  /** Tiers by name. One given here replaces the default one of that name whole. Default: the five tiers. */
  readonly tiers?: Readonly<Record<string, TierLimits>> | undefined;
  /** Length of the window that `burstLimit` is a ceiling on, in milliseconds. Default 1000. */
  readonly burstWindowMs?: number | undefined;
  /**
   * Whom limits are counted for. Default: the identity (`key:<id>`), else the client's address (`ip:<address>`).
   * Keys longer than 256 characters are hashed.
   */
  readonly key?: PerRequest<string> | undefined;
  /** Requests that are not limited at all. Default: none. */
  readonly skip?: PerRequest<boolean> | undefined;
  /** How many requests one counts for: a positive integer, or a function. Default 1. */
  readonly points?: number | PerRequest<number> | undefined;
  /** Estimated cost in dollars, or a function. Default: the service's `cost`, else 0. */
  readonly cost?: number | PerRequest<number> | undefined;
  /** Where usage is counted. Default: this process's memory. */
  readonly store?: QuotaStore | undefined;
  /** How many subjects the memory store remembers; the least recently used go first. Default 100,000. */
  readonly maxSubjects?: number | undefined;
  /** How long a request holds its concurrency slot if its end is never seen, in milliseconds. Default 600,000. */
  readonly leaseMs?: number | undefined;
  /** Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` too. Default false. */
  readonly legacyHeaders?: boolean | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
}

export const rateLimitSchema = z.strictObject({
  ...errorOptions,
  tiers: z.record(z.string().min(1).max(64), tierLimitsSchema).optional(),
  burstWindowMs: z.int().min(1).max(3_600_000).default(1000),
  key: functionOption<PerRequest<string>>().optional(),
  skip: functionOption<PerRequest<boolean>>().optional(),
  points: z.union([z.int().positive(), functionOption<PerRequest<number>>()]).default(1),
  cost: z.union([z.number().nonnegative().max(1_000_000), functionOption<PerRequest<number>>()]).optional(),
  store: objectWith<QuotaStore>('reserve', 'settle').optional(),
  maxSubjects: z.int().positive().max(16_000_000).default(100_000),
  leaseMs: z.int().positive().default(600_000),
  legacyHeaders: z.boolean().default(false),
  trustProxy: trustProxyOption.optional(),
});

/** Options with their defaults. */
export type ResolvedRateLimit = z.output<typeof rateLimitSchema>;

/** All tiers by name: the user's, over the five default ones. */
export function mergeTiers(tiers: RateLimitOptions['tiers']): Map<string, TierLimits> {
  return new Map([...Object.entries(defaultTiers), ...Object.entries(tiers ?? {})]);
}
