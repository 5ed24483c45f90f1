import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { Logger } from '../core/logger.js';
import { errorOptions, objectWith, tierLimitsSchema, trustProxyOption } from '../core/options.js';
import { isAmbiguousPath } from '../core/path.js';
import type { ErrorOptions } from '../core/send-error.js';
import type { ServiceLimits } from '../core/tiers.js';

/** One upstream server. */
export interface TargetOptions {
  /** Origin with an optional base path, such as `http://localhost:16000`. */
  readonly url: string;
  /** Its share of the requests, against the others'. A positive integer. Default 1. */
  readonly weight?: number | undefined;
}

/** How long an upstream may take. */
export interface TimeoutOptions {
  /** To connect, in milliseconds. Default 5,000. */
  readonly connectMs?: number | undefined;
  /** From the request to its answer's status, in milliseconds. Default 120,000. */
  readonly firstByteMs?: number | undefined;
  /** Between two bytes of an answer, in milliseconds. Default 300,000. */
  readonly idleMs?: number | undefined;
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
  /** Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Default: all methods. */
  readonly authentication?: readonly AuthenticationMethod[] | undefined;
}

/** One service: what stands behind a path. */
export interface ServiceOptions {
  /** Default: the last segment of the path. It names the service in metrics, breakers and answers. */
  readonly name?: string | undefined;
  /** The servers that can answer. At least one. */
  readonly targets: readonly (string | TargetOptions)[];
  /** Whether the path is taken off before the request goes upstream. Default true. */
  readonly stripPrefix?: boolean | undefined;
  readonly timeouts?: TimeoutOptions | undefined;
  /** Estimated cost of a request, in dollars. Default 0. */
  readonly cost?: number | undefined;
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
}

/** Services by path prefix; a URL alone is the short form of one target. */
export type ServicesOptions = Readonly<Record<string, string | ServiceOptions>>;

/** Options of `proxyRouter()`. */
export interface ProxyRouterOptions extends ErrorOptions {
  /** At least one. */
  readonly services: ServicesOptions;
  /** Which proxies may name the client, and whose forwarding fields are taken over. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Hears why an upstream failed. Default: silent. */
  readonly logger?: Logger | undefined;
}

const targetUrl = z.string().superRefine((value, check) => {
  const problem = problemWithTarget(value);
  if (problem) check.addIssue({ code: 'custom', message: problem });
});

function problemWithTarget(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be a URL such as "http://localhost:16000"';
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http: or https: URL';
  if (url.username || url.password) return 'must not hold a user name or password: URLs get into logs';
  if (url.search || url.hash) return 'must not have a query or a fragment';
  return undefined;
}

const timeoutMs = z.int().positive().max(2_147_483_647);

const permissions = z.array(z.string().min(1).max(128)).default([]);
const authentication = z
  .array(z.enum(['api-key', 'jwt', 'hmac', 'custom']))
  .min(1)
  .optional();

const serviceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .optional(),
  targets: z
    .array(
      z.union([
        targetUrl.transform((url) => ({ url, weight: 1 })),
        z.strictObject({ url: targetUrl, weight: z.int().positive().max(1000).default(1) }),
      ]),
    )
    .min(1),
  stripPrefix: z.boolean().default(true),
  timeouts: z
    .strictObject({
      connectMs: timeoutMs.default(5000),
      firstByteMs: timeoutMs.default(120_000),
      idleMs: timeoutMs.default(300_000),
    })
    .prefault({}),
  cost: z.number().nonnegative().max(1_000_000).default(0),
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
        methods: z
          .array(z.string().regex(/^[A-Z]+$/, 'must be a method in capitals, such as "GET"'))
          .min(1)
          .optional(),
        path: z
          .string()
          .regex(/^\/(?:[^/?#]+(?:\/[^/?#]+)*)?$/, 'must be a path such as "/public"')
          .optional(),
        anonymous: z.boolean().default(false),
        permissions,
        authentication,
      }),
    )
    .default([]),
  forwardCredentials: z.boolean().default(false),
});

const servicePath = z.string().superRefine((path, check) => {
  const wrong = isAmbiguousPath(path) || /[?*:;,]|\/\//.test(path);
  if (wrong) check.addIssue({ code: 'custom', message: 'must be a plain path such as "/api/kgot"' });
});

export const servicesSchema = z
  .record(
    servicePath,
    z.union([targetUrl.transform((url) => serviceSchema.parse({ targets: [url] })), serviceSchema]),
  )
  .refine((services) => Object.keys(services).length > 0, 'must have at least one service');

export const proxyRouterSchema = z.strictObject({
  ...errorOptions,
  services: servicesSchema,
  trustProxy: trustProxyOption.optional(),
  logger: objectWith<Logger>('info', 'warn', 'error').optional(),
});

/** One service with its defaults. */
export type ResolvedService = z.output<typeof serviceSchema>;
