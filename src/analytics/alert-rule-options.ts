import { z } from 'zod';
import { HOUR_MS } from './time-spans.js';

const metrics = [
  'error_rate',
  'latency',
  'request_rate',
  'cost_per_hour',
  'breaker_state',
  'store_mode',
] as const;

const states: Readonly<Record<string, readonly string[]>> = {
  breaker_state: ['open', 'isolated'],
  store_mode: ['local', 'open', 'closed'],
};

const level = z.number().nonnegative().max(1e12);

const shape = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  metric: z.enum(metrics),
  above: level.optional(),
  below: level.optional(),
  resolve: level.optional(),
  quantile: z.number().gt(0).lt(1).optional(),
  is: z.string().optional(),
  service: z.string().min(1).max(200).optional(),
  tier: z.string().min(1).max(100).optional(),
  per: z.literal('subject').optional(),
  windowMs: z.int().positive().max(HOUR_MS).optional(),
  forMs: z.int().nonnegative().max(86_400_000).optional(),
  minimumRequests: z.int().positive().max(1_000_000_000).optional(),
});

type Given = z.output<typeof shape>;
type Field = keyof Given;

/** Which options are for some metrics alone. */
const only: Readonly<Partial<Record<Field, readonly string[]>>> = {
  quantile: ['latency'],
  per: ['cost_per_hour'],
  minimumRequests: ['error_rate', 'latency'],
  is: ['breaker_state', 'store_mode'],
  tier: ['error_rate', 'latency', 'request_rate', 'cost_per_hour'],
  above: ['error_rate', 'latency', 'request_rate', 'cost_per_hour'],
  below: ['error_rate', 'latency', 'request_rate', 'cost_per_hour'],
  resolve: ['error_rate', 'latency', 'request_rate', 'cost_per_hour'],
  windowMs: ['error_rate', 'latency', 'request_rate', 'cost_per_hour'],
};

type Problems = Iterable<readonly [Field, string]>;

function* misplaced(rule: Given): Problems {
  for (const [field, metrics] of Object.entries(only) as [Field, readonly string[]][]) {
    if (rule[field] === undefined || metrics.includes(rule.metric)) continue;
    yield [field, `must be left out for the metric ${rule.metric}: it is for ${metrics.join(', ')}`];
  }
  if (rule.per !== undefined && rule.below !== undefined)
    yield ['below', 'must be left out for a rule per subject: most subjects cost nothing'];
}

function* problemsWithState({ is }: Given, known: readonly string[]): Problems {
  if (is !== undefined && !known.includes(is)) yield ['is', `must be ${known.join(' or ')}`];
}

function* problemsWithThreshold({ metric, above, below, resolve }: Given): Problems {
  const threshold = above ?? below;
  const field = above === undefined ? 'below' : 'above';
  if (threshold === undefined) yield ['above', 'must be given, or `below`'];
  else if (above !== undefined && below !== undefined)
    yield ['below', 'must be left out where `above` is given'];
  else if (metric === 'error_rate' && threshold > 1) yield [field, 'must be a share of 0 to 1'];
  if (resolve === undefined || threshold === undefined) return;
  if (above === undefined && resolve < threshold)
    yield ['resolve', `must be at least \`below\`, which is ${threshold}`];
  if (above !== undefined && resolve > threshold)
    yield ['resolve', `must be at most \`above\`, which is ${threshold}`];
}

function problemsWith(rule: Given): Problems {
  const known = states[rule.metric];
  return [...misplaced(rule), ...(known ? problemsWithState(rule, known) : problemsWithThreshold(rule))];
}

// Without defaults: what was checked once is checked again where a gateway hands it on, and must say the same.
export const alertRuleSchema = shape.superRefine((rule, check) => {
  for (const [field, message] of problemsWith(rule)) {
    check.addIssue({ code: 'custom', path: [field], message });
  }
});

/** The length of a rule's window, in milliseconds. */
export function windowOf({ metric, windowMs }: Pick<Given, 'metric' | 'windowMs'>): number {
  return windowMs ?? (metric === 'cost_per_hour' ? HOUR_MS : 60_000);
}

/** Fills in what a rule does not say. */
export function resolveRule(rule: Given) {
  return {
    ...rule,
    name: rule.name ?? rule.metric,
    windowMs: windowOf(rule),
    forMs: rule.forMs ?? 0,
    quantile: rule.quantile ?? 0.95,
    minimumRequests: rule.minimumRequests ?? 10,
  };
}

/** A rule with its defaults. */
export type ResolvedRule = ReturnType<typeof resolveRule>;
