import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { GatewayContext } from '../core/context.js';
import { functionOption } from '../core/options.js';

/** What some requests of a service are estimated to cost. */
export interface CostRule {
  /** Request methods that it is about. Default: all. */
  readonly methods?: readonly string[] | undefined;
  /** A path below the service's, with everything below it. Default: all. */
  readonly path?: string | undefined;
  /** What such a request is estimated to cost, in dollars. */
  readonly estimated: number;
}

/** A response, as far as it came, for a function that says what it has cost. */
export interface CostedResponse {
  readonly status: number;
  /** The upstream's header fields, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Of the body, as the upstream sent it. */
  readonly bytes: number;
  /** From forwarding to the end, in milliseconds. */
  readonly durationMs: number;
}

/** Says what a request is estimated to cost, in dollars. Where it throws, or gives no amount, the request is 500. */
export type EstimateCost = (req: Pick<IncomingMessage, 'url' | 'method' | 'headers'>) => number;

/** What requests of a service cost. */
export interface CostOptions {
  /** What a request is estimated to cost before it runs, in dollars. Default 0. */
  readonly estimated?: number | EstimateCost | undefined;
  /** For some methods and paths: the first that fits decides, in place of `estimated`. Default: none. */
  readonly rules?: readonly CostRule[] | undefined;
  /**
   * A field of the response in which the upstream says what the request has cost, in dollars, such as
   * `X-Request-Cost`; among its trailers too, for who knows it at the end. Default: none.
   */
  readonly header?: string | undefined;
  /** Whether clients see that field. Default false. */
  readonly keepHeader?: boolean | undefined;
  /**
   * Says what a request has cost when its response has ended, in dollars; undefined where it does not know. Asked where
   * `header` has said nothing.
   */
  readonly actual?: ((response: CostedResponse, context: GatewayContext) => number | undefined) | undefined;
  /** The highest actual cost that is believed, in dollars; beyond, the estimate is charged. Default 1000. */
  readonly maxActual?: number | undefined;
}

const dollars = z.number().nonnegative().max(1_000_000);

/** Request methods that a rule is about. */
export const ruleMethods = z
  .array(z.string().regex(/^[A-Z]+$/, 'must be a method in capitals, such as "GET"'))
  .min(1)
  .optional();

/** The path, below a service's, that a rule is about. */
export const rulePath = z
  .string()
  .regex(/^\/(?:[^/?#]+(?:\/[^/?#]+)*)?$/, 'must be a path such as "/public"')
  .optional();

const costRuleSchema = z.strictObject({ methods: ruleMethods, path: rulePath, estimated: dollars });

const costSectionSchema = z.strictObject({
  estimated: z.union([dollars, functionOption<EstimateCost>()]).default(0),
  rules: z.array(costRuleSchema).default([]),
  header: z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]{1,256}$/, 'must be the name of a header field')
    .transform((name) => name.toLowerCase())
    .optional(),
  keepHeader: z.boolean().default(false),
  actual: functionOption<NonNullable<CostOptions['actual']>>().optional(),
  maxActual: dollars.default(1000),
});

/** Dollars, or a function, are the short form of `estimated`. */
export const costSchema = z
  .union([
    dollars.transform((estimated) => costSectionSchema.parse({ estimated })),
    functionOption<EstimateCost>().transform((estimated) => costSectionSchema.parse({ estimated })),
    costSectionSchema,
  ])
  .default(() => costSectionSchema.parse({}));

/** Costs with their defaults. */
export type ResolvedCost = z.output<typeof costSectionSchema>;
