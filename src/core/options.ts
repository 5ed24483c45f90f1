import { inspect } from 'node:util';
import { closestMatch } from 'leven';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
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
  throw new ConfigError(
    result.error.issues.flatMap((issue) => describe(issue, [root], schema, options ?? {})),
  );
}

/** A function in options, kept as it is. */
export function functionOption<Signature>() {
  return z.custom<Signature>((value) => typeof value === 'function', 'must be a function');
}

/** An object with the named methods, such as a store or a logger, kept as it is. */
export function objectWith<Shape>(...methods: (keyof Shape & string)[]) {
  const names = methods.map((method) => `${method}()`).join(', ');
  return z.custom<Shape>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
    `must be an object with ${names}`,
  );
}

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

/** A string that a header field name can be (RFC 9110, section 5.1), in lower case. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'must be a header field name')
  .toLowerCase();

function describe(
  issue: z.core.$ZodIssue,
  parents: PropertyKey[],
  schema: z.ZodType,
  value: unknown,
): string[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => `\`${join([...path, key])}\`: unknown option.${suggestion(key, known)}`);
  }
  if (issue.code === 'invalid_union') {
    const closest = closestBranch(issue.errors);
    if (closest)
      return closest.flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] }, parents, schema, value),
      );
  }
  const received = valueAt(value, issue.path);
  const shown = isSecret(path.at(-1)) ? hide(received) : show(received);
  return [`\`${join(path)}\` ${rule(issue)}, got ${shown}.`];
}

/** Of a union's branches, the one that failed deepest: the one that the user most likely meant. */
function closestBranch(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches.find((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
}

function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected === 'int' ? 'integer' : issue.expected)}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'greater than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_value':
      return `must be ${issue.values.map((value) => show(value)).join(' or ')}`;
    default:
      return issue.message.startsWith('must') ? issue.message : `is not valid (${issue.message})`;
  }
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'number' || origin === 'int') return `must be ${comparison} ${limit}`;
  return `must have ${comparison} ${limit} ${origin === 'string' ? 'characters' : 'entries'}`;
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function suggestion(key: string, known: readonly string[]): string {
  const lowered = known.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
  const closest = lowered ?? closestMatch(key, known, { maxDistance: 3 });
  if (closest) return ` Did you mean \`${closest}\`?`;
  return known.length > 0 ? ` Known here: ${known.map((name) => `\`${name}\``).join(', ')}.` : '';
}

/** The option names that a schema has at a path: what the unknown one is compared with. */
function knownKeys(schema: z.ZodType, path: PropertyKey[]): string[] {
  let here: z.core.$ZodType[] = [schema];
  for (const step of path) here = here.flatMap((at) => children(at, step));
  return here.flatMap(unwrap).flatMap((at) => (at instanceof z.ZodObject ? Object.keys(at.shape) : []));
}

function children(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  return unwrap(schema).flatMap((at): z.core.$ZodType[] => {
    if (at instanceof z.ZodObject) {
      const child: z.core.$ZodType | undefined = at.shape[String(step)];
      return child ? [child] : [];
    }
    if (at instanceof z.ZodRecord) return [at.valueType];
    if (at instanceof z.ZodArray) return [at.element];
    return [];
  });
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap);
  return [schema];
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  let here = value;
  for (const step of path) here = (here as Record<PropertyKey, unknown> | undefined)?.[step];
  return here;
}

/** Writes a path as the user would: `services["/api/kgot"].targets[0]`. */
function join(path: PropertyKey[]): string {
  return path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `[${JSON.stringify(name)}]`;
      return at === 0 ? name : `.${name}`;
    })
    .join('');
}

/** Whether an option holds a secret, which must not get into a message. */
function isSecret(name: PropertyKey | undefined): boolean {
  return /(?:adminKey|secret|password|passphrase|token)$/i.test(String(name));
}

function hide(value: unknown): string {
  return typeof value === 'string'
    ? `a string of ${value.length} characters`
    : `a value of type ${typeof value}`;
}

function show(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60 });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
