import { z } from 'zod';

/**
 * What a zod schema says of an option.
 *
 * @typedef {object} Rules
 * @property {unknown} fallback its default, where that is a plain value; undefined where there is none
 * @property {string} bounds such as `integer from 1 to 60,000`; empty where it is no number
 * @property {boolean} inFile whether a configuration file can say it
 */

/** The schema inside what only says how a value may be left out, or what becomes of it. */
function inside(schema) {
  const { type, innerType, in: input } = schema._zod.def;
  if (innerType && type !== 'default' && type !== 'prefault') return inside(innerType);
  if (type === 'pipe') return inside(input);
  return schema;
}

/** All schemas that a value may be for, without what is around them. */
function branches(schema) {
  const { type, innerType, in: input, options } = schema._zod.def;
  if (innerType) return branches(innerType);
  if (type === 'pipe') return branches(input);
  return type === 'union' ? options.flatMap(branches) : [schema];
}

/** The objects that stand at a place, in lists and in records too. */
export function objectsIn(schema) {
  return branches(schema).flatMap((branch) => {
    const { type, element, valueType } = branch._zod.def;
    if (type === 'object') return [branch];
    if (type === 'array') return objectsIn(element);
    return type === 'record' ? objectsIn(valueType) : [];
  });
}

/** The options of an object, by name. */
export const shapeOf = (object) => object._zod.def.shape;

/** @returns {Rules} */
export function rulesOf(schema) {
  const outer = inside(schema);
  const given = outer._zod.def.defaultValue;
  const plain = ['string', 'number', 'boolean'].includes(typeof given) ? given : undefined;
  const numbers = branches(schema).filter((branch) => branch._zod.def.type === 'number');
  return {
    fallback: plain,
    bounds: numbers.map(boundsOf).join(', or '),
    inFile: branches(schema).some((branch) => branch._zod.def.type !== 'custom' || takesText(branch)),
  };
}

/** Code's own checks: a secret is text, a client or a function is nothing that a file can say. */
const takesText = (schema) => schema.safeParse('0'.repeat(64)).success;

function boundsOf(schema) {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = z.toJSONSchema(schema);
  const low = type === 'integer' && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : minimum;
  const parts = [
    low > Number.MIN_SAFE_INTEGER && `from ${written(low)}`,
    low === undefined && exclusiveMinimum !== undefined && `above ${written(exclusiveMinimum)}`,
    maximum < Number.MAX_SAFE_INTEGER && `up to ${written(maximum)}`,
    exclusiveMaximum !== undefined && `below ${written(exclusiveMaximum)}`,
  ];
  return [type, ...parts.filter(Boolean)].join(' ').replace(/(from \S+) up to/, '$1 to');
}

/** A number as the pages write it. */
export const written = (number) => number.toLocaleString('en-US', { maximumFractionDigits: 10 });
