import type { IncomingMessage } from 'node:http';
import { addressSubject } from '../core/address-subject.js';
import type { GatewayContext } from '../core/context.js';
import { type Micros, toMicros } from '../core/money.js';
import { boundedSubject } from '../core/subject.js';
import type { BehaviourLimits } from './behaviour-limits.js';
import type { LimitBook } from './limit-book.js';
import type { CompiledLimits } from './limits.js';
import type { PerRequest, ResolvedRateLimit } from './options.js';

/** What is asked of the store for one request. */
export interface Question {
  readonly subject: string;
  readonly limits: CompiledLimits;
  readonly points: number;
  readonly costMicros: Micros;
}

/** Compiles options into the function that asks; undefined for a request that is not limited. */
export function questioner(
  config: ResolvedRateLimit,
  book: LimitBook,
  behaviour?: BehaviourLimits,
): PerRequest<Question | undefined> {
  const key = config.key ?? defaultKey(config.ipv6SubnetBits);
  const points = perRequest(config.points);
  const cost = perRequest(config.cost ?? ((_req, context) => context.service?.cost ?? 0));
  const skip = config.skip;

  return function ask(req: IncomingMessage, context: GatewayContext) {
    const service = context.service;
    if (service?.rateLimit === false || skip?.(req, context)) return undefined;
    const whom = boundedSubject(key(req, context));
    // A service with limits of its own counts apart.
    const subject = service?.rateLimit ? `${whom}@${service.name}` : whom;
    const limits = book.limitsOf(whom, context.identity, service);
    const weight = checked('points', points(req, context), Number.MIN_VALUE);
    return {
      subject,
      limits: behaviour?.limitsFor(subject, limits, weight) ?? limits,
      points: weight,
      costMicros: toMicros(checked('cost', cost(req, context), 0)),
    };
  };
}

function defaultKey(ipv6SubnetBits: number): PerRequest<string> {
  return (_req, context) => {
    const { identity } = context;
    if (identity !== undefined && identity.method !== 'anonymous') return context.subject;
    return addressSubject(context.clientIp, ipv6SubnetBits);
  };
}

function perRequest(value: number | PerRequest<number>): PerRequest<number> {
  return typeof value === 'function' ? value : () => value;
}

/** A function of the user's may give anything. */
function checked(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new RangeError(`rateLimit.${name} gave ${value}: it must be a number of at least ${least}`);
}
