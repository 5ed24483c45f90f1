import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf, type GatewayContext, type Identity } from '../core/context.js';
import { AuthenticationError, GatewayError, InternalError, RateLimitError } from '../core/errors.js';
import type { MeasurementSource } from '../core/measurement.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { isThenable } from '../core/thenable.js';
import type { ApiKeys } from './api-keys.js';
import { createEntrance } from './entrance.js';
import { keyMeasurements } from './key-measurements.js';
import { keyRing } from './key-ring.js';
import { Lockout } from './lockout.js';
import { type AuthenticateOptions, authenticateSchema, type ResolvedAuthenticate } from './options.js';
import { identitySigner } from './signed-identity.js';
import { MemoryTicketStore } from './ticket-store.js';
import { Tickets } from './tickets.js';
import type { Verdict } from './verifier.js';
import { createVerifiers } from './verifiers.js';

/** What `authenticate()` returns. */
export interface AuthenticateMiddleware extends Middleware, StatusSource, MeasurementSource {
  /** Makes, lists, changes, revokes and rotates keys. Its methods throw where API keys are switched off. */
  readonly apiKeys: ApiKeys;
  /** Makes tickets for WebSockets and server-sent events. Undefined where they are switched off. */
  readonly tickets: Pick<Tickets, 'issue'> | undefined;
  /** Writes what is still to be written, and stops timers and connections. */
  close(): Promise<void>;
}

const WRONG_METHOD = 'This service does not accept this kind of credential';

/**
 * Finds out who sends a request: by ticket, by API key (`X-API-Key`, or `Authorization: Bearer gw_…`), by the
 * administrator's key, by a bearer JWT, by the signature of the request, by a method of your own, or, on the paths
 * listed, nobody. The first credential presented is judged alone: a wrong one is 401 and never falls through to
 * anonymous. Leaves the identity in `req.gateway.identity`.
 *
 * @throws ConfigError for wrong options
 */
export function authenticate(options: AuthenticateOptions = {}): AuthenticateMiddleware {
  const config = checkOptions('authenticate', authenticateSchema, options);
  const refuse = errorHandler(config);
  const sign = config.signedIdentity && identitySigner(config.signedIdentity);
  const addresses = compileTrustProxy(config.trustProxy);
  const ring = keyRing(config.apiKeys, config.events, config.logger);
  const tickets = ticketsOf(config.tickets);
  const verifiers = createVerifiers(config, ring, tickets);
  const enter = createEntrance(config, verifiers.challenge);
  const missing: Verdict = { message: 'Credentials are required', challenge: verifiers.challenge };
  const lockout = config.lockout === false ? undefined : new Lockout(config.lockout);

  function authenticateMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res, addresses);
    const fail = (cause: unknown): void =>
      refuse(cause instanceof GatewayError ? cause : new InternalError(cause), req, res, next);
    const conclude = (verdict: Verdict): void => {
      const { identity } = verdict;
      if (identity === undefined || !isAcceptable(identity, context)) {
        refuse(refusalOf(verdict, context), req, res, next);
        return;
      }
      context.identity = identity;
      if (sign) context.signIdentity = (service) => sign(identity, context.subject, service);
      if (!keepsCredential(context)) for (const header of verdict.headers ?? []) delete req.headers[header];
      next();
    };
    let verdict: Verdict | PromiseLike<Verdict>;
    try {
      enter(req, context);
      const lockedMs = lockout?.remainingMs(context.clientIp) ?? 0;
      if (lockedMs > 0 && !verifiers.isKnown(req)) throw new RateLimitError('ip', Math.ceil(lockedMs / 1000));
      verdict = judge(req, context);
    } catch (cause) {
      fail(cause);
      return;
    }
    if (isThenable(verdict)) verdict.then(conclude, fail);
    else conclude(verdict);
  }

  function judge(req: IncomingMessage, context: GatewayContext): Verdict | PromiseLike<Verdict> {
    for (const verify of verifiers.all) {
      const verdict = verify(req, context);
      if (verdict !== undefined) return verdict;
    }
    return missing;
  }

  function refusalOf(verdict: Verdict, context: GatewayContext): AuthenticationError {
    if (verdict.identity) return new AuthenticationError(WRONG_METHOD, verifiers.challenge);
    if (verdict !== missing) lockout?.failed(context.clientIp);
    return new AuthenticationError(verdict.message, verdict.challenge, verdict.keyId);
  }

  /** A service may accept some methods alone. The administrator's key is an API key too. */
  function isAcceptable({ method }: Identity, { service }: GatewayContext): boolean {
    if (method === 'anonymous' || service?.authentication === undefined) return true;
    return service.authentication.includes(method === 'admin' ? 'api-key' : method);
  }

  function keepsCredential(context: GatewayContext): boolean {
    return config.forwardCredentials || context.service?.forwardCredentials === true;
  }

  function status(): StatusReport {
    return { middleware: { authentication: true } };
  }

  async function close(): Promise<void> {
    await ring.close();
  }

  return Object.assign(authenticateMiddleware, {
    apiKeys: ring.keys,
    tickets,
    status,
    measurements: () => keyMeasurements(ring.known),
    close,
  });
}

function ticketsOf(config: ResolvedAuthenticate['tickets']): Tickets | undefined {
  return config === false ? undefined : new Tickets(config.store ?? new MemoryTicketStore(), config.ttlMs);
}
