import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { errorOptions, objectWith, tierLimitsSchema, trustProxyOption } from '../core/options.js';
import { isAmbiguousPath } from '../core/path.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { ServiceLimits } from '../core/tiers.js';
import type { LoadBalancing } from './balancer.js';
import { type CostOptions, costSchema, type EstimateCost, ruleMethods, rulePath } from './cost-options.js';
import type { HashBy } from './hash-key.js';
import {
  type EjectionOptions,
  ejectionSchema,
  type HealthCheckOptions,
  healthCheckSchema,
  type PoolOptions,
  poolSchema,
  type RetryOptions,
  retriesSchema,
} from './resilience-options.js';
import { type TargetOptions, targetSchema, targetUrl } from './target-options.js';
import { type TimeoutOptions, timeoutMs } from './timeout-options.js';
import type { Transport } from './transport.js';

/** Changes of header fields, by their names. */
export interface HeaderRules {
  /** Sent beside what is there. */
  readonly add?: Readonly<Record<string, string>> | undefined;
  /** Sent in place of what is there. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Fields that are left out. */
  readonly remove?: readonly string[] | undefined;
}

/** How an identity can have proved itself. */
export type AuthenticationMethod = 'api-key' | 'jwt' | 'hmac' | 'custom';

/** Who may send requests to a part of a service. */
export interface AccessRule {
  /** Request methods that it is about. Default: all. */
  readonly methods?: readonly string[] | undefined;
  /** A path below the service's, with everything below it. Default: all. */
  readonly path?: string | undefined;
  /** Whether no credential is needed. One that is presented is judged all the same. Default false. */
  readonly anonymous?: boolean | undefined;
  /** Permissions that are asked for. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** The methods of authentication that are accepted. Default: all. */
  readonly authentication?: readonly AuthenticationMethod[] | undefined;
}

/** One service: what stands behind a path. */
export interface ServiceOptions {
  /** It names the service in metrics, breakers and answers. Default: the last segment of the path. */
  readonly name?: string | undefined;
  /** The servers that can answer. At least one. */
  readonly targets: readonly (string | TargetOptions)[];
  /** Whether the path is taken off before the request goes upstream. Default true. */
  readonly stripPrefix?: boolean | undefined;
  /** How long an upstream may take. */
  readonly timeouts?: TimeoutOptions | undefined;
  /**
   * `round-robin` by weight; `least-connections`; `adaptive` (the better of two random ones by latency and load); or
   * `consistent-hash` (one client, one target). Default `round-robin`.
   */
  readonly loadBalancing?: LoadBalancing | undefined;
  /** What `consistent-hash` goes by. Default `identity`. */
  readonly hashBy?: HashBy | undefined;
  /** Asks each target now and then whether it is well. Default: off. */
  readonly healthCheck?: HealthCheckOptions | false | undefined;
  /** Takes a target out that has failed several requests in a row. Default: on. */
  readonly ejection?: EjectionOptions | false | undefined;
  /** For how long a target that is back gets less than its share, in milliseconds. Default 10,000. */
  readonly slowStartMs?: number | undefined;
  /** Whether all targets are tried where none is well, in place of a 503. Default false. */
  readonly panic?: boolean | undefined;
  /** Tries another target where one fails and the request can be sent again. Default: on. */
  readonly retries?: RetryOptions | false | undefined;
  /** How many requests a target gets at a time. Default: as many as come. */
  readonly pool?: PoolOptions | undefined;
  /** The longest request body, in bytes: 413 beyond. Default: no limit. */
  readonly maxBodyBytes?: number | undefined;
  /** Changes of header fields, after the gateway's own: they have the last word. */
  readonly headers?: { readonly request?: HeaderRules; readonly response?: HeaderRules } | undefined;
  /** Which `Host` goes upstream: the target's or the client's. Default `target`. */
  readonly hostHeader?: 'target' | 'client' | undefined;
  /** Turns a `Location` at the target into one at the gateway. Default false. */
  readonly rewriteLocation?: boolean | undefined;
  /** Puts the service's path in front of the `Path` of cookies, and leaves their `Domain` out. Default false. */
  readonly rewriteCookies?: boolean | undefined;
  /** What a request costs: an estimate in dollars, a function that gives it, or rules. Default 0. */
  readonly cost?: number | EstimateCost | CostOptions | undefined;
  /** Limits of its own by tier, counted apart from other services; `false` for none. Default: as everywhere. */
  readonly rateLimit?: ServiceLimits | false | undefined;
  /** Permissions that a gateway asks for. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** The methods of authentication that a gateway accepts. Default: all that it has. */
  readonly authentication?: readonly AuthenticationMethod[] | undefined;
  /**
   * Rules for parts of the service, the first that fits deciding in place of `permissions` and `authentication`.
   * Default: none.
   */
  readonly access?: readonly AccessRule[] | undefined;
  /** Sends the credential that the gateway accepted upstream. Default false. */
  readonly forwardCredentials?: boolean | undefined;
  /** Whether a gateway or router that is attached to a server opens WebSockets. Default true; false: 400. */
  readonly websocket?: boolean | undefined;
}

/** Services by path prefix; a URL alone is the short form of one target. */
export type ServicesOptions = Readonly<Record<string, string | ServiceOptions>>;

/** Options of `proxyRouter()`. */
export interface ProxyRouterOptions extends ErrorOptions {
  /** Path prefix to target, or the long form. At least one. */
  readonly services: ServicesOptions;
  /** Which proxies may name the client, and whose forwarding fields are taken over. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Forwards requests. Default: by http-proxy-middleware. */
  readonly transport?: Transport | undefined;
  /** Hears when a target goes and comes back. Default: nobody. */
  readonly events?: GatewayEvents | undefined;
  /** Hears why an upstream failed. Default: silent. */
  readonly logger?: Logger | undefined;
}

const fieldName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,256}$/, 'must be the name of a header field');
const fieldValue = z
  .string()
  .max(8192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be the value of a header field');
const headerRulesSchema = z.strictObject({
  add: z.record(fieldName, fieldValue).default({}),
  set: z.record(fieldName, fieldValue).default({}),
  remove: z.array(fieldName).default([]),
});

/** A section that can be switched off. */
const switchable = <Section extends z.ZodType>(section: Section) => z.union([z.literal(false), section]);

const permissions = z.array(z.string().min(1).max(128)).default([]);
const authentication = z
  .array(z.enum(['api-key', 'jwt', 'hmac', 'custom']))
  .min(1)
  .optional();

/** The long form of one service. */
export const serviceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .optional(),
  targets: z.array(z.union([targetUrl.transform((url) => targetSchema.parse({ url })), targetSchema])).min(1),
  stripPrefix: z.boolean().default(true),
  timeouts: z
    .strictObject({
      connectMs: timeoutMs.default(5000),
      firstByteMs: timeoutMs.default(120_000),
      idleMs: timeoutMs.default(300_000),
      totalMs: timeoutMs.optional(),
    })
    .prefault({}),
  loadBalancing: z
    .enum(['round-robin', 'least-connections', 'adaptive', 'consistent-hash'])
    .default('round-robin'),
  hashBy: z
    .union([
      z.enum(['identity', 'address']),
      z.strictObject({ header: fieldName }),
      z.strictObject({ cookie: fieldName }),
    ])
    .default('identity'),
  healthCheck: switchable(healthCheckSchema).default(false),
  ejection: switchable(ejectionSchema).prefault({}),
  slowStartMs: z.int().nonnegative().max(3_600_000).default(10_000),
  panic: z.boolean().default(false),
  retries: switchable(retriesSchema).prefault({}),
  pool: poolSchema.prefault({}),
  maxBodyBytes: z.int().nonnegative().optional(),
  headers: z
    .strictObject({ request: headerRulesSchema.prefault({}), response: headerRulesSchema.prefault({}) })
    .prefault({}),
  hostHeader: z.enum(['target', 'client']).default('target'),
  rewriteLocation: z.boolean().default(false),
  rewriteCookies: z.boolean().default(false),
  cost: costSchema,
  rateLimit: z
    .union([
      z.literal(false),
      z.strictObject({ tiers: z.record(z.string().min(1).max(64), tierLimitsSchema) }),
    ])
    .optional(),
  permissions,
  authentication,
  access: z
    .array(
      z.strictObject({
        methods: ruleMethods,
        path: rulePath,
        anonymous: z.boolean().default(false),
        permissions,
        authentication,
      }),
    )
    .default([]),
  forwardCredentials: z.boolean().default(false),
  websocket: z.boolean().default(true),
});

const servicePath = z.string().superRefine((path, check) => {
  const wrong = isAmbiguousPath(path) || /[?*:;,]|\/\//.test(path);
  if (wrong) check.addIssue({ code: 'custom', message: 'must be a plain path such as "/api/kgot"' });
});

/** Services by path, in the short form and in a long form that may know more than the router does. */
export function servicesOf<Long extends z.ZodType>(long: Long) {
  return z
    .record(
      servicePath,
      z.union([targetUrl.transform((url) => serviceSchema.parse({ targets: [url] })), long]),
    )
    .refine((services) => Object.keys(services).length > 0, 'must have at least one service');
}

export const proxyRouterSchema = z.strictObject({
  ...errorOptions,
  services: servicesOf(serviceSchema),
  trustProxy: trustProxyOption.optional(),
  transport: objectWith<Transport>('forward', 'close').optional(),
  events: objectWith<GatewayEvents>('publish').optional(),
  logger: objectWith<Logger>('info', 'warn', 'error').optional(),
});

/** Header rules with their defaults. */
export type ResolvedHeaderRules = z.output<typeof headerRulesSchema>;

/** One service with its defaults. */
export type ResolvedService = z.output<typeof serviceSchema>;
