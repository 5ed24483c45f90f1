import { type AnalyticsMiddleware, analytics } from '../analytics/index.js';
import { type AuditMiddleware, audit } from '../audit/index.js';
import {
  type AuthenticateMiddleware,
  type AuthenticateOptions,
  authenticate,
} from '../authenticate/index.js';
import { type BulkheadMiddleware, bulkhead } from '../bulkhead/index.js';
import { type CircuitBreakerMiddleware, circuitBreaker } from '../circuit-breaker/index.js';
import type { Middleware } from '../core/middleware.js';
import type { StatusSource } from '../core/status.js';
import { type ProxyRouterMiddleware, proxyRouter } from '../proxy-router/index.js';
import {
  type AddressLimitMiddleware,
  addressLimit,
  type RateLimitMiddleware,
  type RateLimitOptions,
  rateLimit,
} from '../rate-limit/index.js';
import { mergeTiers } from '../rate-limit/options.js';
import { corsMiddleware } from './cors.js';
import type { Lasting } from './lasting.js';
import type { GatewayOptions } from './options.js';
import { isPort } from './owned-ports.js';
import type { PartGeneration } from './part-shelf.js';
import { routedServices, type ServiceSections, serviceSections } from './service-sections.js';

/** The parts of one gateway; undefined for those that are switched off. */
export interface Parts {
  readonly analytics: AnalyticsMiddleware | undefined;
  readonly audit: AuditMiddleware | undefined;
  readonly cors: Middleware | undefined;
  readonly authenticate: AuthenticateMiddleware | undefined;
  readonly addressLimit: AddressLimitMiddleware | undefined;
  readonly rateLimit: RateLimitMiddleware | undefined;
  readonly circuitBreaker: CircuitBreakerMiddleware | undefined;
  readonly bulkhead: BulkheadMiddleware | undefined;
  readonly router: ProxyRouterMiddleware;
  /** Whoever has something to say in `/health`. */
  readonly sources: readonly StatusSource[];
}

/** What `/health` says of parts that are switched off. */
const allOff: StatusSource = {
  status: () => ({
    middleware: { authentication: false, rate_limiting: false, analytics: false, circuit_breaker: false },
  }),
};

/**
 * Calls each factory that is not switched off, with what the whole gateway has in common; one whose options have not
 * changed since the former generation goes on. They are made in the order in which they are closed: what ends in the
 * router is still settled, and what is settled is still recorded.
 */
export function createParts(options: GatewayOptions, lasting: Lasting, parts: PartGeneration): Parts {
  const { onError, errorFormat, trustProxy, logger, transport } = options;
  const { events, redis, failover } = lasting;
  const errors = { onError, errorFormat };
  const common = { trustProxy, ...errors };
  const { perAddress, ...limits } = options.rateLimit || {};
  // First, since it finds what the schema can't: two services of one path or name, an address that is none.
  const routed = { services: routedServices(options.services), transport, logger, ...common };
  const router = parts.part('router', routed, (own) =>
    proxyRouter({ events, ...own, transport: parts.lend(own.transport) }),
  );
  const sections = serviceSections(options, router.services);

  const inputs = inputsOf(options, sections);
  const on = <Inputs extends object, Part>(
    name: string,
    inputs: Inputs | false | undefined,
    make: (inputs: Inputs) => Part,
  ): Part | undefined => (inputs ? parts.part(name, inputs, make) : undefined);

  const bulkheadPart = on('bulkhead', inputs.bulkhead && { ...inputs.bulkhead, ...errors }, (own) =>
    bulkhead(own),
  );
  const limiter = on('rateLimit', options.rateLimit !== false && { limits, logger, ...common }, (own) =>
    rateLimit({ ...own.limits, ...stateOf(own.limits, lasting, parts), logger, ...common, events }),
  );
  const addressLimiter = on('addressLimit', perAddress && { perAddress, ...common }, (own) =>
    addressLimit({ redis, ...common, ...own.perAddress }),
  );
  const breaker = on('circuitBreaker', inputs.circuitBreaker, ({ section, services, common }) =>
    circuitBreaker({
      events,
      ...common,
      matchService: failover,
      ...(section.shared && { redis }),
      ...section,
      services,
    }),
  );
  const authenticator = on('authenticate', inputs.authenticate, ({ section, tiers, cors, common }) =>
    authenticate({
      events,
      ...common,
      ...section,
      apiKeys: keysIn(section, lasting, parts),
      hmac: section.hmac && { nonces: lasting.nonces, ...section.hmac },
      tickets: section.tickets !== false && { store: lasting.tickets, ...section.tickets },
      tiers: section.tiers ?? tiers,
      origins: section.origins ?? originsOf(section, cors),
    }),
  );
  const recorder = on(
    'analytics',
    options.analytics !== false && { section: options.analytics ?? {}, logger, ...errors },
    ({ section }) =>
      analytics({
        events,
        logger,
        redis,
        ...errors,
        ...section,
        sinks: section.sinks?.map((sink) => (isPort(sink) ? parts.lend(sink) : sink)),
      }),
  );
  const auditor = on(
    'audit',
    options.audit !== false && { section: options.audit ?? {}, logger, trustProxy },
    ({ section }) => audit({ events, logger, trustProxy, ...section }),
  );
  return {
    router,
    bulkhead: bulkheadPart,
    rateLimit: limiter,
    addressLimit: addressLimiter,
    circuitBreaker: breaker,
    authenticate: authenticator,
    analytics: recorder,
    audit: auditor,
    cors: options.cors ? corsMiddleware(options.cors) : undefined,
    sources: [allOff, router, recorder, authenticator, limiter, breaker].filter(
      (source) => source !== undefined,
    ),
  };
}

/** What parts are made of, where it is more than a section; false for those that are switched off. */
function inputsOf(options: GatewayOptions, sections: ServiceSections) {
  const { onError, errorFormat, trustProxy, logger } = options;
  const common = { onError, errorFormat, logger };
  const bulkheads = options.bulkhead ?? {};
  const breakers = options.circuitBreaker ?? {};
  const guard = options.authenticate ?? {};
  return {
    bulkhead: bulkheads !== false && bulkheadSection(bulkheads, sections),
    circuitBreaker: breakers !== false && {
      section: breakers,
      services: { ...breakers.services, ...sections.circuitBreaker },
      common,
    },
    authenticate: guard !== false && {
      section: guard,
      tiers: [...mergeTiers(options.rateLimit ? options.rateLimit.tiers : undefined).keys()],
      cors: options.cors,
      common: { ...common, trustProxy },
    },
  };
}

/** What bulkheads there are; false where no service has one. */
function bulkheadSection(
  own: Exclude<NonNullable<GatewayOptions['bulkhead']>, false>,
  sections: ServiceSections,
) {
  const services = { ...own.services, ...sections.bulkhead };
  return (own.maxConcurrent !== undefined || Object.keys(services).length > 0) && { ...own, services };
}

/** Keys are in the gateway's Redis, else in memory, unless the section says where they are. */
function keysIn(
  { apiKeys }: AuthenticateOptions,
  { redis, apiKeys: store }: Lasting,
  parts: PartGeneration,
): AuthenticateOptions['apiKeys'] {
  if (apiKeys === false) return apiKeys;
  if (apiKeys?.store) return { ...apiKeys, store: parts.lend(apiKeys.store) };
  if (apiKeys?.keys || apiKeys?.redis) return apiKeys;
  return redis ? { ...apiKeys, redis } : { ...apiKeys, store };
}

/**
 * Pages that may read responses may open WebSockets. But that all may read responses is said of responses without
 * cookies, which a method of the user's own may go by, and which a browser sends with every WebSocket.
 */
function originsOf(
  { verify }: AuthenticateOptions,
  cors: GatewayOptions['cors'],
): readonly string[] | undefined {
  if (!cors || (verify && cors.origins.includes('*'))) return undefined;
  return cors.origins;
}

/** The gateway's Redis, else its memory, unless the section says where it counts. */
function stateOf(
  { store, limiter, redis, maxSubjects }: RateLimitOptions,
  lasting: Lasting,
  parts: PartGeneration,
): RateLimitOptions {
  if (store) return { store: parts.lend(store) };
  if (limiter || redis) return {};
  return lasting.redis ? { redis: lasting.redis } : { store: lasting.quotas(maxSubjects) };
}
