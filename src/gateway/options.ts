import { z } from 'zod';
import type { AnalyticsOptions } from '../analytics/index.js';
import { analyticsSchema } from '../analytics/options.js';
import type { AuditOptions } from '../audit/index.js';
import { auditSchema } from '../audit/options.js';
import type { AuthenticateOptions } from '../authenticate/index.js';
import { authenticateSchema } from '../authenticate/options.js';
import type { BulkheadLimits, BulkheadOptions } from '../bulkhead/index.js';
import { bulkheadSection, serviceBulkheadOption } from '../bulkhead/options.js';
import type { BreakerPolicyOptions, CircuitBreakerOptions } from '../circuit-breaker/index.js';
import { circuitBreakerSchema, servicePolicyOption } from '../circuit-breaker/options.js';
import type { TrustProxy } from '../core/client-ip.js';
import type { Logger } from '../core/logger.js';
import type { Middleware } from '../core/middleware.js';
import { errorOptions, functionOption, objectWith, originOption, trustProxyOption } from '../core/options.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { ServiceOptions, Transport } from '../proxy-router/index.js';
import { serviceSchema, servicesOf } from '../proxy-router/options.js';
import type { AddressLimitOptions, RateLimitOptions } from '../rate-limit/index.js';
import { addressLimitSchema, rateLimitSchema } from '../rate-limit/options.js';
import type { RedisClient } from '../redis/client.js';

/** Cross-origin resource sharing. */
export interface CorsOptions {
  /** Origins that may read responses, such as `https://app.example.com`, or `*` for all. */
  readonly origins: readonly string[];
  /** Methods that scripts of other origins may use. Default `GET,HEAD,PUT,PATCH,POST,DELETE`. */
  readonly methods?: readonly string[] | undefined;
  /** Request header fields that are allowed. Default: those that a preflight request asks for. */
  readonly allowedHeaders?: readonly string[] | undefined;
  /** Response header fields that scripts may read, beside the gateway's own. Default: none. */
  readonly exposedHeaders?: readonly string[] | undefined;
  /** Whether cookies and the like may be sent. Not together with the origin `*`. Default false. */
  readonly credentials?: boolean | undefined;
  /** How long a preflight answer may be kept, in seconds. Default: as long as the browser likes. */
  readonly maxAgeSeconds?: number | undefined;
}

/** Paths of the gateway's own endpoints; `false` switches one off. */
export interface EndpointsOptions {
  /** Name, version, services and uptime. Default `/`. */
  readonly info?: string | false | undefined;
  /** How well the gateway and its services are. Default `/health`. */
  readonly health?: string | false | undefined;
  /** Says that the process runs. Default `/health/live`. */
  readonly live?: string | false | undefined;
  /** Says whether requests are wanted: 503 while it drains. Default `/health/ready`. */
  readonly ready?: string | false | undefined;
  /** The hour's figures, and the metrics for Prometheus. Default `/metrics`. */
  readonly metrics?: string | false | undefined;
  /** Who used what. Default `/api/usage`. */
  readonly usage?: string | false | undefined;
  /** Makes, lists, changes and revokes API keys. Single keys are below it, so it has no slash at its end. Default `/api/auth/api-key`. */
  readonly apiKeys?: string | false | undefined;
  /** Issues tickets for browsers. Default `/api/auth/ticket`. */
  readonly tickets?: string | false | undefined;
  /** Lists, isolates and resets breakers. Single ones are below it, so it has no slash at its end. Default `/api/circuit-breakers`. */
  readonly circuitBreakers?: string | false | undefined;
}

/** One service: what the router knows of it, and what other parts do. */
export interface GatewayServiceOptions extends ServiceOptions {
  /** Over what `circuitBreaker` says for all; `false` for no breaker. Default: as for all. */
  readonly circuitBreaker?: BreakerPolicyOptions | false | undefined;
  /** How many requests for a service run at a time, unless it has a bulkhead of its own. Default: as many as come. */
  readonly bulkhead?: BulkheadLimits | false | undefined;
}

/** Services by path prefix; a URL alone is the short form of one target. */
export type GatewayServicesOptions = Readonly<Record<string, string | GatewayServiceOptions>>;

/** Options of `rateLimit()`, and the limit per address that goes in front of authentication. */
export interface GatewayRateLimitOptions extends RateLimitOptions {
  /** A limit for each address, in front of authentication. Default: off. */
  readonly perAddress?: AddressLimitOptions | undefined;
}

/** Options of `createGateway()`. A section set to `false` is switched off; left out, it has its defaults. */
export interface GatewayOptions extends ErrorOptions {
  /** Path prefix to target, or the long form. At least one. */
  readonly services: GatewayServicesOptions;
  /** Forwards requests to services. Default: by http-proxy-middleware; see `undiciTransport()`. */
  readonly transport?: Transport | undefined;
  /** Makes spans of requests: `tracing()` from `gatewright/tracing`. Default: none. */
  readonly tracing?: Middleware | undefined;
  /** Who sends a request. Default `{}`: an API key for every service. */
  readonly authenticate?: AuthenticateOptions | false | undefined;
  /** Limits by tier, and `perAddress`, which comes before authentication and is off unless it is given. Default `{}`: the five tiers. */
  readonly rateLimit?: GatewayRateLimitOptions | false | undefined;
  /** Stops sending requests to what fails. Default `{}`: on. */
  readonly circuitBreaker?: CircuitBreakerOptions | false | undefined;
  /** Default: as many requests for a service at a time as come, unless it has a bulkhead of its own. */
  readonly bulkhead?: BulkheadOptions | false | undefined;
  /** Metrics, figures and usage. Default `{}`: on. */
  readonly analytics?: AnalyticsOptions | false | undefined;
  /** Records security events. Default `{}`: they go to the logger. */
  readonly audit?: AuditOptions | false | undefined;
  /** Cross-origin resource sharing. Default: off. */
  readonly cors?: CorsOptions | false | undefined;
  /** Paths of the gateway's own endpoints. Default: on where the gateway is served directly, off where it is mounted in an app. */
  readonly endpoints?: EndpointsOptions | boolean | undefined;
  /**
   * A URL (`redis://` or `rediss://`), or an ioredis client, for all state that replicas share. A connection that is
   * opened from a URL is closed by `close()`; a client is left to its owner. Default: memory mode.
   */
  readonly redis?: string | RedisClient | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Anything with `info`, `warn` and `error`, such as winston. Default: silent. */
  readonly logger?: Logger | undefined;
}

const off = z.literal(false);
const redisUrl = z.string().regex(/^rediss?:\/\/\S+$/, 'must be a URL such as "redis://localhost:6379"');
const redisClient = objectWith<RedisClient>('evalsha', 'eval', 'ping');
const endpointPath = z.union([off, z.string().regex(/^\/[^?#\s]*$/, 'must be a path such as "/health"')]);

/** What has paths below it. */
const parentPath = z.union([
  off,
  z.string().regex(/^\/[^?#\s]*[^?#\s/]$/, 'must be a path without a slash at its end, such as "/keys"'),
]);

export const endpointsSchema = z.strictObject({
  info: endpointPath.default('/'),
  health: endpointPath.default('/health'),
  live: endpointPath.default('/health/live'),
  ready: endpointPath.default('/health/ready'),
  metrics: endpointPath.default('/metrics'),
  usage: endpointPath.default('/api/usage'),
  apiKeys: parentPath.default('/api/auth/api-key'),
  tickets: endpointPath.default('/api/auth/ticket'),
  circuitBreakers: parentPath.default('/api/circuit-breakers'),
});

const corsSchema = z
  .strictObject({
    origins: z.array(originOption).min(1),
    methods: z.array(z.string().min(1)).optional(),
    allowedHeaders: z.array(z.string().min(1)).optional(),
    exposedHeaders: z.array(z.string().min(1)).optional(),
    credentials: z.boolean().optional(),
    maxAgeSeconds: z.int().nonnegative().optional(),
  })
  .refine((value) => !(value.credentials && value.origins.includes('*')), {
    path: ['credentials'],
    error: 'must not be true for the origin "*": name the origins',
  });

export const gatewaySchema = z.strictObject({
  ...errorOptions,
  services: servicesOf(
    serviceSchema.safeExtend({
      circuitBreaker: servicePolicyOption.optional(),
      bulkhead: serviceBulkheadOption.optional(),
    }),
  ),
  transport: objectWith<Transport>('forward', 'close').optional(),
  tracing: functionOption<Middleware>().optional(),
  authenticate: z.union([off, authenticateSchema]).optional(),
  rateLimit: z
    .union([off, rateLimitSchema.safeExtend({ perAddress: addressLimitSchema.optional() })])
    .optional(),
  redis: z.union([redisUrl, redisClient]).optional(),
  circuitBreaker: z.union([off, circuitBreakerSchema]).optional(),
  bulkhead: z.union([off, bulkheadSection]).optional(),
  analytics: z.union([off, analyticsSchema]).optional(),
  audit: z.union([off, auditSchema]).optional(),
  cors: z.union([off, corsSchema]).optional(),
  endpoints: z.union([z.boolean(), endpointsSchema]).optional(),
  trustProxy: trustProxyOption.optional(),
  logger: objectWith<Logger>('info', 'warn', 'error').optional(),
});

/** Paths of the endpoints with their defaults. */
export type ResolvedEndpoints = z.output<typeof endpointsSchema>;
