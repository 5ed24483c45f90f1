import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import { type Micros, toMicros } from '../core/money.js';
import { subjectOf } from '../core/subject.js';
import { boundedSubject } from './fields.js';
import type { CompiledLimits } from './limits.js';
import type { PerRequest, ResolvedRateLimit } from './options.js';
import { tierBook } from './tier-book.js';

/** What is asked of the store for one request. */
export interface Question {
  readonly subject: string;
  readonly limits: CompiledLimits;
  readonly points: number;
  readonly costMicros: Micros;
}

/** Compiles options into the function that asks; undefined for a request that is not limited. */
export function questioner(config: ResolvedRateLimit): PerRequest<Question | undefined> {
  const limitsOf = tierBook(config.tiers, config.burstWindowMs);
  const key = config.key ?? ((_req, context) => subjectOf(context));
  const points = perRequest(config.points);
  const cost = perRequest(config.cost ?? ((_req, context) => context.service?.cost ?? 0));
  const skip = config.skip;

  return function ask(req: IncomingMessage, context: GatewayContext) {
    if (skip?.(req, context)) return undefined;
    return {
      subject: boundedSubject(key(req, context)),
      limits: limitsOf(context.identity),
      points: checked('points', points(req, context), 1),
      costMicros: toMicros(checked('cost', cost(req, context), 0)),
    };
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
