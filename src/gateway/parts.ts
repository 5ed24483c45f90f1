import { type AnalyticsMiddleware, analytics } from '../analytics/index.js';
import { audit } from '../audit/index.js';
import {
  type AuthenticateMiddleware,
  type AuthenticateOptions,
  authenticate,
  type NonceStore,
  RedisNonceStore,
  RedisTicketStore,
  type SignatureOptions,
  type TicketStore,
} from '../authenticate/index.js';
import { type BulkheadMiddleware, bulkhead } from '../bulkhead/index.js';
import { type CircuitBreakerMiddleware, circuitBreaker } from '../circuit-breaker/index.js';
import { GatewayEvents } from '../core/events.js';
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
import type { RedisClient } from '../redis/client.js';
import { connectRedis } from '../redis/connect.js';
import { corsMiddleware } from './cors.js';
import { failoverMatcher } from './failover.js';
import type { GatewayOptions } from './options.js';
import { routedServices, serviceSections } from './service-sections.js';

/** The parts of one gateway; undefined for those that are switched off. */
export interface Parts {
  readonly analytics: AnalyticsMiddleware | undefined;
  readonly audit: Middleware | undefined;
  readonly cors: Middleware | undefined;
  readonly authenticate: AuthenticateMiddleware | undefined;
  readonly addressLimit: AddressLimitMiddleware | undefined;
  readonly rateLimit: RateLimitMiddleware | undefined;
  readonly circuitBreaker: CircuitBreakerMiddleware | undefined;
  readonly bulkhead: BulkheadMiddleware | undefined;
  readonly router: ProxyRouterMiddleware;
  /** Whoever has something to say in `/health`. */
  readonly sources: readonly StatusSource[];
  close(): Promise<void>;
}

/** What `/health` says of parts that are switched off. */
const allOff: StatusSource = {
  status: () => ({
    middleware: { authentication: false, rate_limiting: false, analytics: false, circuit_breaker: false },
  }),
};

/**
 * Calls each factory that is not switched off, with what the whole gateway has in common. Where one of them refuses its
 * options, the connection to Redis that was opened for them is closed again.
 */
export function createParts(options: GatewayOptions): Parts {
  const opened = typeof options.redis === 'string' ? connectRedis(options.redis, options.logger) : undefined;
  try {
    return assemble(options, opened);
  } catch (error) {
    opened?.disconnect();
    throw error;
  }
}

function assemble(options: GatewayOptions, opened: RedisClient | undefined): Parts {
  const { onError, errorFormat, trustProxy, logger } = options;
  const events = new GatewayEvents(logger);
  const errors = { onError, errorFormat };
  const on = <Section extends object, Part>(
    section: Section | false | undefined,
    factory: (own: Section | Record<string, never>) => Part,
  ): Part | undefined => (section === false ? undefined : factory(section ?? {}));

  const redis = opened ?? (options.redis as RedisClient | undefined);
  const nonces = redis && new RedisNonceStore({ client: redis, logger, events });
  const tickets = redis && new RedisTicketStore({ client: redis, logger, events });
  const common = { trustProxy, ...errors };
  const { perAddress, ...limits } = options.rateLimit || {};
  // First, since it finds what the schema can't: two services of one path or name, an address that is none.
  const router = proxyRouter({
    services: routedServices(options.services),
    transport: options.transport,
    events,
    logger,
    ...common,
  });

  const sections = serviceSections(options, router.services);
  const guard = on(options.authenticate, (own) =>
    authenticate({
      events,
      logger,
      ...common,
      ...own,
      apiKeys: keysOf(own, redis),
      hmac: withNonces(own.hmac, nonces),
      tickets: ticketsIn(own.tickets, tickets),
      tiers: own.tiers ?? [...mergeTiers(limits.tiers).keys()],
      origins: own.origins ?? originsOf(own, options.cors),
    }),
  );
  const matchService = failoverMatcher({
    router,
    apiKeys: guard?.apiKeys,
    anonymousPaths: (options.authenticate ? options.authenticate.anonymous?.paths : undefined) ?? [],
  });

  const parts = {
    router,
    analytics: on(options.analytics, (own) => analytics({ events, logger, redis, ...errors, ...own })),
    audit: on(options.audit, (own) => audit({ events, logger, trustProxy, ...own })),
    cors: options.cors ? corsMiddleware(options.cors) : undefined,
    addressLimit: perAddress && addressLimit({ redis, ...common, ...perAddress }),
    authenticate: guard,
    circuitBreaker: on(options.circuitBreaker, (own) =>
      circuitBreaker({
        events,
        logger,
        ...errors,
        matchService,
        ...(own.shared && { redis }),
        ...own,
        services: { ...own.services, ...sections.circuitBreaker },
      }),
    ),
    bulkhead: on(options.bulkhead, (own) => {
      const services = { ...own.services, ...sections.bulkhead };
      const isWanted = own.maxConcurrent !== undefined || Object.keys(services).length > 0;
      return isWanted ? bulkhead({ events, ...errors, ...own, services }) : undefined;
    }),
    rateLimit: on(options.rateLimit, () =>
      rateLimit({ ...ownState(limits, redis), events, logger, ...common, ...limits }),
    ),
  };
  const { analytics: recorder, rateLimit: limiter, circuitBreaker: breaker } = parts;
  for (const source of [router, guard]) if (source) recorder?.observe(source);
  return {
    ...parts,
    sources: [allOff, router, recorder, guard, limiter, breaker].filter((source) => source !== undefined),
    async close() {
      parts.bulkhead?.close();
      await router.close(); // What ends now is still settled.
      await Promise.all([
        limiter?.close(),
        parts.addressLimit?.close(),
        breaker?.close(),
        guard?.close(),
        nonces?.close(),
        tickets?.close(),
      ]);
      await recorder?.close(); // What was settled now is still recorded.
      opened?.disconnect();
    },
  };
}

/** Keys are in the gateway's Redis, unless the section says where they are. */
function keysOf(
  { apiKeys }: AuthenticateOptions,
  redis: RedisClient | undefined,
): AuthenticateOptions['apiKeys'] {
  if (apiKeys === false || apiKeys?.store || apiKeys?.keys || apiKeys?.redis) return apiKeys;
  return { ...apiKeys, redis };
}

/** Nonces are in the gateway's Redis, so that no replica takes what another has taken. */
function withNonces(
  hmac: SignatureOptions | undefined,
  nonces: NonceStore | undefined,
): SignatureOptions | undefined {
  return hmac === undefined || hmac.nonces || nonces === undefined ? hmac : { ...hmac, nonces };
}

/** Tickets wait in the gateway's Redis, so that every replica knows them. */
function ticketsIn(
  tickets: AuthenticateOptions['tickets'],
  store: TicketStore | undefined,
): AuthenticateOptions['tickets'] {
  return tickets === false || tickets?.store ? tickets : { ...tickets, store };
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

/** The gateway's Redis, unless the section says where it counts. */
function ownState({ store, limiter }: RateLimitOptions, redis: RedisClient | undefined): RateLimitOptions {
  return store || limiter ? {} : { redis };
}
