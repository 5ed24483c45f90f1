import { type ConfigPath, pathKey } from './config-path.js';
import { type ReferenceContext, type Resolved, resolveReferences } from './references.js';

/** A mistake at a path. */
export interface PathProblem {
  readonly path: ConfigPath;
  /** What is wrong, behind the path. */
  readonly message: string;
}

/** What a file says, with its references resolved. */
export interface ConfigValues {
  readonly value: unknown;
  /** Where references stood, by `pathKey()`. */
  readonly references: ReadonlyMap<string, Resolved>;
  readonly problems: readonly PathProblem[];
}

/** More values than this come from aliases within aliases. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;

/** Copies what a file says, and resolves the references in its strings. */
export function resolveValues(given: unknown, context: ReferenceContext): ConfigValues {
  const references = new Map<string, Resolved>();
  const problems: PathProblem[] = [];
  const above = new Set<unknown>();
  let left = MAX_VALUES;

  function refuse(path: ConfigPath, message: string): undefined {
    problems.push({ path, message });
    return undefined;
  }

  function copy(value: unknown, path: ConfigPath): unknown {
    left -= 1;
    if (left === 0) refuse(path, `is too much: a configuration has at most ${MAX_VALUES} values.`);
    if (left <= 0) return undefined;
    if (typeof value === 'string') return resolved(value, path);
    if (typeof value !== 'object' || value === null) return value;
    if (above.has(value)) return refuse(path, 'contains itself. Leave the alias out.');
    if (path.length >= MAX_DEPTH) return refuse(path, `is nested more than ${MAX_DEPTH} levels deep.`);
    above.add(value);
    const copied = Array.isArray(value)
      ? value.map((item, at) => copy(item, [...path, at]))
      : copyObject(value as Record<string, unknown>, path);
    above.delete(value);
    return copied;
  }

  function copyObject(value: Record<string, unknown>, path: ConfigPath): Record<string, unknown> {
    const copied: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, key];
      // By assignment it would be no key but the object's prototype.
      if (key === '__proto__') refuse(at, 'is no option.');
      else copied[key] = copy(inner, at);
    }
    return copied;
  }

  function resolved(text: string, path: ConfigPath): string {
    if (!text.includes('${')) return text;
    const found = resolveReferences(text, context);
    references.set(pathKey(path), found);
    for (const message of found.problems) refuse(path, message);
    return found.text;
  }

  return { value: copy(given, []), references, problems };
}
