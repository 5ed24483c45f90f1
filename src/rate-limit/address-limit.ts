import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { addressSubject } from '../core/address-subject.js';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf } from '../core/context.js';
import { RateLimitError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { errorHandler } from '../core/send-error.js';
import { RedisGuard } from '../redis/guard.js';
import { type AddressLimitOptions, addressLimitSchema, type ResolvedAddressLimit } from './options.js';

/** What `addressLimit()` returns. */
export interface AddressLimitMiddleware extends Middleware {
  /** Stops timers. */
  close(): Promise<void>;
}

/**
 * Limits each address, whoever it turns out to be: it goes in front of authentication, so that guessing keys costs
 * the guesser. It is rate-limiter-flexible's plain counter. While Redis is away, each replica counts alone.
 *
 * @throws ConfigError for wrong options
 */
export function addressLimit(options: AddressLimitOptions): AddressLimitMiddleware {
  const config = checkOptions('perAddress', addressLimitSchema, options);
  const addresses = compileTrustProxy(config.trustProxy);
  const refuse = errorHandler(config);
  const { count, close } = counter(config);

  function addressLimitMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const { clientIp } = contextOf(req, res, addresses);
    void count(addressSubject(clientIp, config.ipv6SubnetBits)).then(({ allowed, msBeforeNext }) => {
      if (allowed) next();
      else refuse(new RateLimitError('ip', Math.max(1, Math.ceil(msBeforeNext / 1000))), req, res, next);
    });
  }

  return Object.assign(addressLimitMiddleware, { close });
}

interface Count {
  readonly allowed: boolean;
  readonly msBeforeNext: number;
}

function counter(config: ResolvedAddressLimit) {
  const { requests, windowMs, redis, keyPrefix } = config;
  const shape = { points: requests, duration: windowMs / 1000, keyPrefix: `${keyPrefix}address` };
  const memory = new RateLimiterMemory(shape);
  if (redis === undefined)
    return { count: (subject: string) => consume(memory, subject), close: async () => {} };
  const shared = new RateLimiterRedis({
    ...shape,
    storeClient: redis,
    inMemoryBlockOnConsumed: requests + 1,
  });
  // Not PING: a server that is full, or a replica, answers that one.
  const probe = () => redis.set(`${keyPrefix}probe`, '', 'PX', 1000);
  const guard = new RedisGuard({ timeoutMs: config.storeTimeoutMs, probe });
  return {
    count: (subject: string) =>
      guard.run(() => consume(shared, subject)).catch(() => consume(memory, subject)),
    close: async () => guard.close(),
  };
}

/** rate-limiter-flexible rejects with what is no error where the limit is reached. */
async function consume(limiter: RateLimiterAbstract, subject: string): Promise<Count> {
  try {
    const { msBeforeNext } = await limiter.consume(subject);
    return { allowed: true, msBeforeNext };
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return { allowed: false, msBeforeNext: refusal.msBeforeNext };
    throw refusal;
  }
}
