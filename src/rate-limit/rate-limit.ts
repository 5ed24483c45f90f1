import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf, type GatewayContext, type Identity } from '../core/context.js';
import { GatewayError, InternalError, RateLimitError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import type { Middleware, Next } from '../core/middleware.js';
import type { Micros } from '../core/money.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { boundedSubject } from '../core/subject.js';
import { isThenable } from '../core/thenable.js';
import { BehaviourLimits } from './behaviour-limits.js';
import { createStore } from './create-store.js';
import { type Explanation, explain } from './explain.js';
import { announce, decisionOf, retryAfterSeconds } from './fields.js';
import { LimitBook } from './limit-book.js';
import { LoadLimit, type LoadState } from './load-limit.js';
import { overloadError, shedDecision, takeSlot } from './load-shedding.js';
import type { LoadSlot } from './load-slot.js';
import { type RateLimitOptions, rateLimitSchema } from './options.js';
import { type Question, questioner } from './question.js';
import type { QuotaDecision, QuotaLease } from './quota-store.js';
import { RedisLimitsChannel } from './redis-limits-channel.js';
import { RuntimeLimits } from './runtime-limits.js';
import { settleAtEnd } from './settlement.js';

/** What `rateLimit()` returns. */
export interface RateLimitMiddleware extends Middleware, StatusSource {
  /** Limits that are changed while it runs, on every replica. */
  readonly limits: RuntimeLimits;
  /**
   * What a subject, such as `key:<id>` or `ip:<address>`, has used and has left, and what would refuse it.
   *
   * @param identity whose limits hold; default: the tier `free`
   */
  explain(subject: string, identity?: Pick<Identity, 'tier' | 'limits'>): Promise<Explanation>;
  /** How the limit of `adaptive.load` stands; undefined where it is off. */
  load(): LoadState | undefined;
  /** Stops timers, and the connection that hears of changed limits. */
  close(): Promise<void>;
}

/**
 * Limits requests per minute, hour, day, in bursts and at a time, and dollars per hour, in one decision:
 * a request that is refused has consumed nothing. Refuses with 429 (RFC 6585) and `Retry-After`.
 *
 * @throws ConfigError for wrong options
 */
export function rateLimit(options: RateLimitOptions = {}): RateLimitMiddleware {
  const config = checkOptions('rateLimit', rateLimitSchema, options);
  const { dryRun, onAbort, legacyHeaders, logger = silentLogger } = config;
  const addresses = compileTrustProxy(config.trustProxy);
  const refuse = errorHandler(config);
  const { store, leaseMs, redisAvailable, inForce } = createStore(config);
  const limits = runtimeLimits(config);
  const book = new LimitBook(config, limits);
  const { load: loadOptions, behaviour: behaviourOptions } = config.adaptive ?? {};
  const load = loadOptions && new LoadLimit(loadOptions, undefined, logger);
  const behaviour = behaviourOptions && new BehaviourLimits(behaviourOptions, config.maxSubjects);
  const ask = questioner(config, book, behaviour);

  function rateLimitMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res, addresses);
    let slot: LoadSlot | undefined;
    const stop = (cause: unknown): void => {
      slot?.end('unused');
      refuse(cause instanceof GatewayError ? cause : new InternalError(cause), req, res, next);
    };
    let question: Question | undefined;
    try {
      question = ask(req, context);
    } catch (cause) {
      stop(cause);
      return;
    }
    if (question === undefined) {
      next();
      return;
    }
    const asked = question;
    slot = load && takeSlot(load, context);
    if (load && slot === undefined) {
      shed(load, context, asked);
      if (dryRun) next();
      else stop(overloadError(context));
      return;
    }
    const conclude = (decision: QuotaDecision): void => {
      apply(context, res, asked, decision);
      if (decision.allowed || dryRun) {
        slot?.start();
        next();
      } else stop(refusalOf(decision));
    };
    const undecided = (cause: unknown): void => {
      if (dryRun) {
        logger.error('A dry run could not decide', { error: String(cause) });
        slot?.start();
        next();
      } else stop(cause);
    };
    reserve(asked, conclude, undecided);
  }

  function reserve(
    { subject, limits, points, costMicros }: Question,
    conclude: (decision: QuotaDecision) => void,
    fail: (cause: unknown) => void,
  ): void {
    let answer: QuotaDecision | PromiseLike<QuotaDecision>;
    try {
      answer = store.reserve(subject, limits, points, costMicros, leaseMs);
    } catch (cause) {
      fail(cause);
      return;
    }
    if (isThenable(answer)) answer.then(conclude, fail);
    else conclude(answer);
  }

  function apply(
    context: GatewayContext,
    res: ServerResponse,
    question: Question,
    decision: QuotaDecision,
  ): void {
    context.rateLimit = decisionOf(decision, question.subject, context.identity?.tier, !dryRun);
    announce(res, question.limits, decision, legacyHeaders);
    if (!decision.allowed && !dryRun) return;
    const { lease } = decision;
    settleAtEnd(context, question.costMicros, onAbort, (actual) => {
      if (lease) settle(lease, actual);
    });
  }

  /** A request that is shed asks no store: it consumes nothing. */
  function shed(by: LoadLimit, context: GatewayContext, { subject, costMicros }: Question): void {
    context.rateLimit = shedDecision(by, context, subject, !dryRun);
    if (dryRun) settleAtEnd(context, costMicros, onAbort, () => undefined);
  }

  /** Nobody waits for a settlement, so that nobody else would hear that it failed. */
  function settle(lease: QuotaLease, actual: Micros): void {
    const failed = (error: unknown): void =>
      logger.error('A cost could not be settled', { error: String(error) });
    try {
      const settled = store.settle(lease, actual);
      if (isThenable(settled)) settled.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  async function explainSubject(
    subject: string,
    identity?: Pick<Identity, 'tier' | 'limits'>,
  ): Promise<Explanation> {
    const whom = boundedSubject(subject);
    const usual = book.limitsOf(whom, identity as Identity | undefined, undefined);
    const own = behaviour?.limitsNow(whom, usual) ?? usual;
    const decision = await store.peek(whom, own, 1, 0);
    return explain(whom, inForce(own), decision);
  }

  function status(): StatusReport {
    const middleware = { rate_limiting: true };
    const redis = redisAvailable();
    if (redis === undefined) return { middleware };
    return { middleware, redis, serving: redis || config.onStoreError !== 'closed' };
  }

  async function close(): Promise<void> {
    await limits.close();
    await store.close?.();
  }

  return Object.assign(rateLimitMiddleware, {
    limits,
    explain: explainSubject,
    load: () => load?.state,
    status,
    close,
  });
}

function refusalOf(decision: QuotaDecision): RateLimitError {
  return new RateLimitError(decision.dimension ?? 'per_minute', retryAfterSeconds(decision));
}

function runtimeLimits({ redis, keyPrefix }: Pick<RateLimitOptions, 'redis' | 'keyPrefix'>): RuntimeLimits {
  const limits = new RuntimeLimits();
  if (redis)
    limits.share(new RedisLimitsChannel(redis, keyPrefix ?? '', (changes) => limits.replace(changes)));
  return limits;
}
