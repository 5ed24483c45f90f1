import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf, type GatewayContext } from '../core/context.js';
import { InternalError, RateLimitError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { announce, decisionOf, retryAfterSeconds } from './fields.js';
import { MemoryQuotaStore } from './memory-quota-store.js';
import { type RateLimitOptions, rateLimitSchema } from './options.js';
import { type Question, questioner } from './question.js';
import type { QuotaDecision } from './quota-store.js';
import { settleAtEnd } from './settlement.js';

/** What `rateLimit()` returns. */
export interface RateLimitMiddleware extends Middleware, StatusSource {}

/**
 * Limits requests per minute, hour, day, in bursts and at a time, and dollars per hour, in one decision:
 * a request that is refused has consumed nothing. Refuses with 429 (RFC 6585) and `Retry-After`.
 *
 * @throws ConfigError for wrong options
 */
export function rateLimit(options: RateLimitOptions = {}): RateLimitMiddleware {
  const config = checkOptions('rateLimit', rateLimitSchema, options);
  const addresses = compileTrustProxy(config.trustProxy);
  const refuse = errorHandler(config);
  const store = config.store ?? new MemoryQuotaStore({ maxSubjects: config.maxSubjects });
  const ask = questioner(config);

  function rateLimitMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res, addresses);
    const fail = (cause: unknown): void => refuse(new InternalError(cause), req, res, next);
    let question: Question | undefined;
    let answer: QuotaDecision | Promise<QuotaDecision> | undefined;
    try {
      question = ask(req, context);
      answer = question && reserve(question);
    } catch (cause) {
      fail(cause);
      return;
    }
    const conclude = (decision: QuotaDecision): void => {
      apply(context, res, question as Question, decision);
      if (decision.allowed) next();
      else
        refuse(
          new RateLimitError(decision.dimension ?? 'per_minute', retryAfterSeconds(decision)),
          req,
          res,
          next,
        );
    };
    if (answer === undefined) next();
    else if (answer instanceof Promise) answer.then(conclude, fail);
    else conclude(answer);
  }

  function reserve(question: Question): QuotaDecision | Promise<QuotaDecision> {
    const { subject, limits, points, costMicros } = question;
    return store.reserve(subject, limits, points, costMicros, config.leaseMs);
  }

  function apply(
    context: GatewayContext,
    res: ServerResponse,
    question: Question,
    decision: QuotaDecision,
  ): void {
    context.rateLimit = decisionOf(decision, question.subject, context.identity?.tier);
    announce(res, question.limits, decision, config.legacyHeaders);
    if (decision.lease) settleAtEnd(context, store, decision.lease, question.costMicros);
  }

  function status(): StatusReport {
    return { middleware: { rate_limiting: true } };
  }

  return Object.assign(rateLimitMiddleware, { status });
}
