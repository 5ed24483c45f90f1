import { inspect } from 'node:util';
import { closestMatch } from 'leven';
import { z } from 'zod';
import type { ConfigMistake } from './config-error.js';

/** Says of each mistake: the option's path, the rule, the value received and the remedy. */
export function problemsOf(
  error: z.ZodError,
  root: string,
  schema: z.ZodType,
  value: unknown,
): ConfigMistake[] {
  const parents = root === '' ? [] : [root];
  return error.issues.flatMap((issue) => describe(issue, parents, schema, value));
}

function describe(
  issue: z.core.$ZodIssue,
  parents: PropertyKey[],
  schema: z.ZodType,
  value: unknown,
): ConfigMistake[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const rule = `unknown option.${suggestion(key, known)}`;
      return { path: [...path, key], rule, message: `\`${join([...path, key])}\`: ${rule}` };
    });
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((issues) => !issues.some(isOfAnotherKind));
    const inner = meant?.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
    if (inner) return inner.flatMap((each) => describe(each, parents, schema, value));
  }
  const received = issue.code === 'invalid_key' ? issue.path.at(-1) : valueAt(value, issue.path);
  const shown = isSecret(path.at(-1)) ? hide(received) : show(received);
  const wrong = rule(issue);
  return [{ path, rule: wrong, message: `\`${join(path)}\` ${wrong}, got ${shown}.` }];
}

/** Whether a value was not even of the kind that a union's branch is for. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'custom') return issue.params?.['kind'] === true;
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindOf(issue.expected)}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'greater than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_value':
      return `must be ${issue.values.map((value) => show(value)).join(' or ')}`;
    case 'invalid_key':
      return issue.issues.map(rule).join(' and ');
    case 'invalid_union': {
      const rules = issue.errors.flatMap((issues) => issues.slice(0, 1).map(rule));
      return [...new Set(rules)].join(' or ').replaceAll(' or must be ', ' or ');
    }
    default:
      return issue.message.startsWith('must') ? issue.message : `is not valid (${issue.message})`;
  }
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'number' || origin === 'int') return `must be ${comparison} ${limit}`;
  const [one, many] = origin === 'string' ? ['character', 'characters'] : ['entry', 'entries'];
  return `must have ${comparison} ${limit} ${Number(limit) === 1 ? one : many}`;
}

function kindOf(expected: string): string {
  const noun = { int: 'integer', record: 'object' }[expected] ?? expected;
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function suggestion(key: string, known: readonly string[]): string {
  const lowered = known.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
  const closest =
    lowered ?? closestMatch(key, known, { maxDistance: Math.max(1, Math.floor(key.length / 3)) });
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

/** Whether an option holds a secret, or has one by mistake (a key in place of its hash): it must not get into a message. */
function isSecret(name: PropertyKey | undefined): boolean {
  return /(?:key|jwt|identity|hash|secret|password|passphrase|token)$/i.test(String(name));
}

function hide(value: unknown): string {
  return typeof value === 'string'
    ? `a string of ${value.length} characters`
    : `a value of type ${typeof value}`;
}

/** User name and password of a URL. */
const userInfo = /\/\/[^/?#]*@/;

function show(value: unknown): string {
  const shown = typeof value === 'string' ? value.replace(userInfo, '//***@') : value;
  const text = inspect(shown, { depth: 0, breakLength: Infinity, maxStringLength: 60 });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
