import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf, type GatewayContext } from '../core/context.js';
import { AuthenticationError, InternalError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { anonymousVerifier } from './anonymous.js';
import { apiKeyVerifier } from './api-key-verifier.js';
import { ApiKeys } from './api-keys.js';
import { CHALLENGE } from './challenge.js';
import { MemoryApiKeyStore } from './memory-api-key-store.js';
import { type AuthenticateOptions, authenticateSchema, recordsOf } from './options.js';
import type { Verdict, Verifier } from './verifier.js';

/** What `authenticate()` returns. */
export interface AuthenticateMiddleware extends Middleware, StatusSource {
  /** Makes keys in the store that this middleware reads. */
  readonly apiKeys: ApiKeys;
}

const missing: Verdict = { message: 'API key required', challenge: CHALLENGE };

/**
 * Finds out who sends a request: by API key (`X-API-Key`, or `Authorization: Bearer gw_…`), by the administrator's
 * key, or, on the paths listed, nobody. The first credential presented is judged alone: a wrong one is 401 and
 * never falls through to anonymous. Leaves the identity in `req.gateway.identity`.
 *
 * @throws ConfigError for wrong options
 */
export function authenticate(options: AuthenticateOptions = {}): AuthenticateMiddleware {
  const config = checkOptions('authenticate', authenticateSchema, options);
  const refuse = errorHandler(config);
  const addresses = compileTrustProxy(config.trustProxy);
  const store = config.apiKeys.store ?? new MemoryApiKeyStore(recordsOf(config.apiKeys.keys));
  const verifiers: readonly Verifier[] = [
    apiKeyVerifier(store, config.apiKeys.header, config.adminKey),
    anonymousVerifier(config.anonymous?.paths ?? []),
  ];

  function authenticateMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res, addresses);
    const fail = (cause: unknown): void => refuse(new InternalError(cause), req, res, next);
    const conclude = (verdict: Verdict): void => {
      if (verdict.identity === undefined) {
        refuse(new AuthenticationError(verdict.message, verdict.challenge), req, res, next);
        return;
      }
      context.identity = verdict.identity;
      if (verdict.header !== undefined && !keepsCredential(context)) delete req.headers[verdict.header];
      next();
    };
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = judge(req, context);
    } catch (cause) {
      fail(cause);
      return;
    }
    if (verdict instanceof Promise) verdict.then(conclude, fail);
    else conclude(verdict);
  }

  function judge(req: IncomingMessage, context: GatewayContext): Verdict | Promise<Verdict> {
    for (const verify of verifiers) {
      const verdict = verify(req, context);
      if (verdict !== undefined) return verdict;
    }
    return missing;
  }

  function keepsCredential(context: GatewayContext): boolean {
    return config.forwardCredentials || context.service?.forwardCredentials === true;
  }

  function status(): StatusReport {
    return { middleware: { authentication: true } };
  }

  return Object.assign(authenticateMiddleware, { apiKeys: new ApiKeys(store), status });
}
