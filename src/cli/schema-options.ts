import { z } from 'zod';
import { descriptions } from './option-descriptions.js';
import { configSchema } from './options.js';

type Schema = Readonly<Record<string, unknown>>;

/** Stands beside whatever is a single value: a string with a reference in it. */
const reference = { $ref: '#/$defs/reference' };

const referenceDefinition = {
  description:
    'A reference to a variable, ${' +
    'NAME} or ${' +
    'NAME:-default}, or to a file, ${' +
    'file:/path}; $${ is a plain ${.',
  type: 'string',
  pattern: '\\$\\{',
};

/** The JSON Schema (draft 2020-12) of a configuration file, by which editors complete it and find mistakes. */
export function configJsonSchema(): Schema {
  const made = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A check of code's own: a secret passes as text; a client or a function is nothing that a file can say.
      if (zodSchema._zod.def.type !== 'custom') return;
      const isText = z.safeParse(zodSchema, '0'.repeat(64)).success;
      Object.assign(jsonSchema, isText ? { type: 'string' } : { not: {} });
    },
  });
  const { $schema, ...rest } = fitted(made as Schema, '');
  return {
    $schema,
    title: 'Configuration of gatewright',
    ...rest,
    $defs: { ...(rest['$defs'] as object | undefined), reference: referenceDefinition },
  };
}

/** Leaves out what only code can give, describes options, and lets references stand for values. */
function fitted(schema: Schema, path: string): Schema {
  const inner = withFittedParts(schema, path);
  const description = descriptions[path];
  return { ...(description !== undefined && { description }), ...withReference(inner) };
}

function withFittedParts(schema: Schema, path: string): Schema {
  const result: Record<string, unknown> = { ...schema };
  const { properties, anyOf, items, additionalProperties } = schema;
  if (isSchema(properties)) {
    const possible = Object.entries(properties).filter(([, part]) => isPossible(part));
    result['properties'] = Object.fromEntries(
      possible.map(([name, part]) => [name, fitted(part as Schema, path === '' ? name : `${path}.${name}`)]),
    );
  }
  if (Array.isArray(anyOf))
    result['anyOf'] = anyOf.filter(isPossible).map((branch) => withFittedParts(branch, path));
  if (isSchema(items)) result['items'] = fitted(items, `${path}[]`);
  if (isSchema(additionalProperties))
    result['additionalProperties'] = fitted(additionalProperties, `${path}.*`);
  return result;
}

function withReference(schema: Schema): Schema {
  const { anyOf } = schema;
  if (Array.isArray(anyOf))
    return anyOf.some(needsReference) ? { ...schema, anyOf: [...anyOf, reference] } : schema;
  return needsReference(schema) ? { anyOf: [schema, reference] } : schema;
}

/** Whether a single value is wanted that not every text is. */
function needsReference(schema: Schema): boolean {
  const { type } = schema;
  if (type === 'number' || type === 'integer' || type === 'boolean') return true;
  const isText = type === 'string' || (type === undefined && ('enum' in schema || 'const' in schema));
  return isText && ['pattern', 'format', 'minLength', 'enum', 'const'].some((rule) => rule in schema);
}

function isPossible(part: unknown): boolean {
  return !(isSchema(part) && 'not' in part);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
