import { allMembers } from './declarations.mjs';
import { objectsIn, rulesOf, shapeOf } from './schemas.mjs';
import { expanded, interfaceNamed, optionRoots } from './sources.mjs';

/**
 * @typedef {object} Option
 * @property {string} name
 * @property {string} doc
 * @property {string} type
 * @property {boolean} optional
 * @property {import('./schemas.mjs').Rules} rules
 * @property {Section[]} sections the option types that its value may be
 *
 * @typedef {object} Section
 * @property {string} name of the interface; empty for an object type without one
 * @property {string} doc
 * @property {string[]} parents
 * @property {Set<string>} own names of the options that it does not inherit
 * @property {Option[]} options
 */

const sections = new Map();
const problems = [];

/** What differs between option types and schemas. */
export const contradictions = () => problems;

/** An option type with everything below it. */
export function sectionOf(name, object) {
  if (!sections.has(name)) sections.set(name, sectionFrom(interfaceNamed(name), object));
  return sections.get(name);
}

/** Every option type by its name. */
export function allSections() {
  for (const [name, schema] of optionRoots) sectionOf(name, schema && objectsIn(schema)[0]);
  return sections;
}

function sectionFrom(declaration, object) {
  const { name, doc, parents, members } = declaration;
  const all = allMembers(declaration, interfaceNamed);
  for (const parent of parents) sectionOf(parent, object);
  return {
    name,
    doc,
    parents,
    own: new Set(members.map((member) => member.name)),
    options: optionsFrom(all, object, name),
  };
}

function optionsFrom(members, object, where) {
  if (object === undefined) return members.map(withoutSchema);
  const shape = shapeOf(object);
  return members
    .filter(({ name }) => Object.hasOwn(shape, name))
    .map((member) => ({
      ...member,
      type: expanded(member.type),
      rules: rulesOf(shape[member.name]),
      sections: objectsIn(shape[member.name])
        .map((inner) => sectionAt(member, inner, `${where}.${member.name}`))
        .filter(Boolean),
    }));
}

/** The type of options that a schema checks at a place: that with the same names. */
function sectionAt({ type, inner }, object, where) {
  const keys = Object.keys(shapeOf(object));
  const names = expanded(type).match(/\b[A-Z]\w+\b/g) ?? [];
  const name = names.find((one) => {
    const declaration = interfaceNamed(one);
    return (
      declaration &&
      same(
        allMembers(declaration, interfaceNamed).map((each) => each.name),
        keys,
      )
    );
  });
  if (name !== undefined) return sectionOf(name, object);
  if (
    inner &&
    same(
      inner.map((each) => each.name),
      keys,
    )
  )
    return { name: '', doc: '', parents: [], own: new Set(keys), options: optionsFrom(inner, object, where) };
  // An object type behind another name, such as `{ header: string }`: the type itself says all.
  if (!keys.every((key) => /[?:]/.test(expanded(type).split(` ${key}`)[1]?.[0] ?? '')))
    problems.push(`${where}: no option type has ${keys.join(', ')}`);
  return undefined;
}

const same = (one, other) => one.length === other.length && one.every((each) => other.includes(each));

/** Of a class whose options have no schema. */
function withoutSchema(member) {
  return {
    ...member,
    type: expanded(member.type),
    rules: { fallback: undefined, bounds: '', inFile: false },
    sections: [],
  };
}
