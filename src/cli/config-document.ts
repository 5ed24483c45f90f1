import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
} from 'yaml';
import type { ConfigPath } from './config-path.js';

/** A place in a file. Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A mistake in the YAML itself. */
export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** A configuration file as YAML: its value, and where what stands. */
export interface ConfigDocument {
  /** Undefined where there are problems. */
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** Where an option is, or its name, or the innermost one around it that is there. */
  positionOf(path: ConfigPath, what?: 'value' | 'name'): Position;
}

/** So often may what is named once be repeated: a file of people's needs less, and one that wants to explode more. */
const MAX_ALIASES = 100;

/** Parses YAML 1.2, and with it JSON. */
export function parseConfig(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const positionOf = (path: ConfigPath, what: 'value' | 'name' = 'value'): Position =>
    at(offsetOf(document, path, what));
  const problems = firstOfLines(
    [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
      ...at(pos[0]),
      message: `The file is no YAML: ${message.replace(/\.$/, '')}.${hintFor(code, lineAt(text, pos[0]))}`,
    })),
  );
  if (problems.length > 0) return { value: undefined, problems, positionOf };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problems, positionOf };
  } catch (error) {
    const message = `The file cannot be read: ${(error as Error).message}.`;
    return { value: undefined, problems: [{ ...at(0), message }], positionOf };
  }
}

/** What comes after a mistake on its line is most often due to it. */
function firstOfLines(problems: readonly SyntaxProblem[]): SyntaxProblem[] {
  return problems.filter(({ line }, at) => problems.findIndex((each) => each.line === line) === at);
}

/** What people stumble over. */
function hintFor(code: string, line: string): string {
  if (line.includes('${')) return ' Put what has a reference between quotes.';
  if (code === 'TAB_AS_INDENT') return ' Indent by spaces.';
  if (code === 'DUPLICATE_KEY') return ' Leave one of them out.';
  return '';
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end);
}

/** A single value stands where it begins, a section where its name does. */
function offsetOf(document: Document, path: ConfigPath, what: 'value' | 'name'): number {
  let place: Place | undefined = { node: document.contents, offset: startOf(document.contents) };
  let { offset } = place;
  for (const step of path) {
    place = below(isAlias(place.node) ? place.node.resolve(document) : place.node, step, what);
    if (place === undefined) break;
    offset = place.offset;
  }
  return offset;
}

interface Place {
  readonly node: unknown;
  readonly offset: number;
}

function below(node: unknown, step: PropertyKey, what: 'value' | 'name'): Place | undefined {
  if (isSeq(node)) {
    const item: unknown = node.items[Number(step)];
    return item === undefined ? undefined : { node: item, offset: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair === undefined) return undefined;
  const { key, value } = pair;
  return {
    node: value,
    offset: startOf(what === 'value' && isScalar(value) && value.value !== null ? value : key),
  };
}

function startOf(node: unknown): number {
  const isNode = isScalar(node) || isCollection(node) || isAlias(node);
  return isNode ? (node.range?.[0] ?? 0) : 0;
}
