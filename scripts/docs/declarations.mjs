import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from '@swc/core';

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {string} doc the text of its doc comment, on one line
 * @property {boolean} optional
 * @property {string} type as it is written, without `readonly` and `| undefined`
 * @property {Member[] | undefined} inner the members of an object type that has no name
 *
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} kind what it is: `interface`, `type`, `function`, `class` or `constant`
 * @property {string} doc
 * @property {string} file
 * @property {string} type what a type stands for
 * @property {string[]} parents what an interface extends
 * @property {Member[]} members of an interface
 */

const kinds = {
  TsInterfaceDeclaration: 'interface',
  TsTypeAliasDeclaration: 'type',
  FunctionDeclaration: 'function',
  ClassDeclaration: 'class',
  VariableDeclaration: 'constant',
};

/** Every exported declaration below a folder, by `file#name`. */
export function declarationsIn(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .sort();
  return new Map(files.flatMap((file) => declarationsOf(file).map((one) => [`${file}#${one.name}`, one])));
}

/** What an index file exports, by name, wherever it is declared. */
export function exportsOf(file, declarations) {
  const { body } = parse(file);
  return body
    .filter((node) => node.type === 'ExportNamedDeclaration' && node.source)
    .flatMap(({ source, specifiers }) => {
      const from = join(dirname(file), source.value.replace(/\.js$/, '.ts'));
      return specifiers.map(({ orig }) => found(from, orig.value, declarations));
    })
    .concat(declarationsOf(file));
}

function found(file, name, declarations) {
  const direct = declarations.get(`${file}#${name}`);
  if (direct) return direct;
  const indirect = exportsOf(file, declarations).find((one) => one.name === name);
  if (!indirect) throw new Error(`${file} does not declare ${name}`);
  return indirect;
}

/** Members with those of the interfaces that it extends, its own first. */
export function allMembers(declaration, byName) {
  const inherited = declaration.parents.flatMap((parent) => allMembers(byName(parent), byName));
  const own = new Set(declaration.members.map(({ name }) => name));
  return [...declaration.members, ...inherited.filter(({ name }) => !own.has(name))];
}

function declarationsOf(file) {
  const { body, text } = parse(file);
  return body
    .filter(({ type }) => type === 'ExportDeclaration')
    .map((node) => declarationOf(node, file, text))
    .filter((one) => one !== undefined);
}

function declarationOf({ declaration, span }, file, text) {
  const kind = kinds[declaration.type];
  if (kind === undefined) return undefined;
  const id = declaration.id ?? declaration.identifier ?? declaration.declarations?.[0]?.id;
  const isInterface = kind === 'interface';
  return {
    name: id.value,
    kind,
    file,
    doc: docBefore(text, span.start),
    type:
      kind === 'type'
        ? plain(text(declaration.typeAnnotation.span.start, declaration.typeAnnotation.span.end))
        : '',
    parents: isInterface ? declaration.extends.map(({ expression }) => expression.value) : [],
    members: isInterface ? membersOf(declaration.body.body, text) : [],
  };
}

function membersOf(nodes, text) {
  return nodes
    .filter(({ type }) => type === 'TsPropertySignature')
    .map((node) => {
      const annotation = node.typeAnnotation.typeAnnotation;
      const inner = objectTypeIn(annotation);
      return {
        name: node.key.value,
        doc: docBefore(text, node.span.start),
        optional: node.optional,
        type: plain(text(annotation.span.start, annotation.span.end)),
        inner: inner && membersOf(inner.members, text),
      };
    });
}

/** An object type without a name, alone or in a union. */
function objectTypeIn(node) {
  if (node.type === 'TsTypeLiteral') return node;
  if (node.type === 'TsUnionType') return node.types.map(objectTypeIn).find(Boolean);
  return undefined;
}

function plain(type) {
  return type
    .replace(/\s+/g, ' ')
    .replace(/\breadonly /g, '')
    .replace(/ \| undefined\b/g, '')
    .replace(/Readonly<Record<(.*?), (.*)>>/, 'Record<$1, $2>')
    .replace(/^\| /, '');
}

/** The doc comment that ends right before a place. */
function docBefore(text, end) {
  const before = text(0, end).trimEnd();
  if (!before.endsWith('*/')) return '';
  const comment = before.slice(before.lastIndexOf('/*'));
  if (!comment.startsWith('/**')) return '';
  return comment
    .slice(3, -2)
    .replace(/^\s*\* ?/gm, '')
    .split(/^@/m)[0]
    .replace(/\s+/g, ' ')
    .trim();
}

const parsed = new Map();

/** Places that swc gives count bytes from wherever it was with the file before; an empty statement says where. */
function parse(file) {
  if (!parsed.has(file)) {
    const source = Buffer.from(`;${readFileSync(file, 'utf8').replace(/^#!.*/, '')}`);
    const { body } = parseSync(source.toString(), { syntax: 'typescript', target: 'es2022' });
    const base = body[0].span.start;
    const text = (start, end) => source.toString('utf8', Math.max(0, start - base), Math.max(0, end - base));
    parsed.set(file, { body, text });
  }
  return parsed.get(file);
}
