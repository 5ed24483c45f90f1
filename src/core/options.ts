import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { problemsOf } from './option-problems.js';
import type { ErrorHandler } from './send-error.js';

/**
 * Checks options against a schema and gives them back with defaults filled in. The argument is not changed.
 *
 * @param root what the options are called in messages, such as `rateLimit`; empty where they have no name
 * @throws ConfigError naming every mistake
 */
export function checkOptions<Schema extends z.ZodType>(
  root: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  throw new ConfigError(problemsOf(result.error, root, schema, options ?? {}));
}

/** A function in options, kept as it is. */
export function functionOption<Signature>() {
  return z.custom<Signature>((value) => typeof value === 'function', {
    error: 'must be a function',
    ...kind,
  });
}

/** An object with the named methods, such as a store or a logger, kept as it is. */
export function objectWith<Shape>(...methods: (keyof Shape & string)[]) {
  const names = methods.map((method) => `${method}()`).join(', ');
  return z.custom<Shape>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
    { error: `must be an object with ${names}`, ...kind },
  );
}

/** Marks a check of the kind of value, as against its contents: which branch of a union a value is meant for. */
const kind = { params: { kind: true } };

/** `onError` and `errorFormat`, which every factory takes. */
export const errorOptions = {
  onError: functionOption<ErrorHandler>().optional(),
  errorFormat: z.enum(['json', 'problem']).optional(),
};

/** `trustProxy`, which every factory that needs the client's address takes. */
export const trustProxyOption = z.union([
  z.boolean(),
  z.int().nonnegative(),
  z.string().min(1),
  z.array(z.string().min(1)),
  functionOption<(address: string, hop: number) => boolean>(),
]);

const count = z.int().positive().max(1_000_000_000_000);

/** `TierLimits` as options. */
export const tierLimitsSchema = z.strictObject({
  requestsPerMinute: count.optional(),
  requestsPerHour: count.optional(),
  requestsPerDay: count.optional(),
  burstLimit: count.optional(),
  costLimitPerHour: z.number().positive().max(1_000_000_000).optional(),
  concurrentRequests: count.optional(),
});

/** An origin as a browser writes it (RFC 6454, section 7), or `*` for all. */
export const originOption = z
  .string()
  .regex(
    /^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^\s/]+)$/i,
    'must be an origin such as "https://app.example.com", or "*"',
  );

/** A string that a header field name can be (RFC 9110, section 5.1), in lower case. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'must be a header field name')
  .toLowerCase();
