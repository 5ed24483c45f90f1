// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configuration files look like that
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** What references are resolved with. */
export interface ReferenceContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that paths of files are relative to. */
  readonly folder: string;
}

/** What became of a string. */
export interface Resolved {
  readonly text: string;
  /** What stands for the value in messages: its references, and nothing that they or it are made of. */
  readonly shown: string | undefined;
  /** Whether it is one reference and nothing else: such a value can stand for a number. */
  readonly isWhole: boolean;
  /** What references gave: secrets, for all that is known. */
  readonly secrets: readonly string[];
  /** Files that were read. */
  readonly files: readonly string[];
  readonly problems: readonly string[];
}

/** `$${`, which is a plain `${`, and references with or without their end. */
const pattern = /\$\$\{|\$\{([^}]*)(\})?/g;

/** A secret is short: whatever is longer is the wrong file. Bytes. */
const MAX_FILE_BYTES = 1_048_576;

/** Replaces `${NAME}`, `${NAME:-default}` and `${file:/path}` in a string. */
export function resolveReferences(text: string, context: ReferenceContext): Resolved {
  const names: string[] = [];
  const secrets: string[] = [];
  const files: string[] = [];
  const problems: string[] = [];
  const resolved = text.replace(
    pattern,
    (whole: string, body: string | undefined, end: string | undefined) => {
      if (body === undefined) return '${';
      const found = end ? lookUp(body, context) : unclosed;
      names.push(nameOf(body));
      if (found.file !== undefined) files.push(found.file);
      if ('problem' in found) problems.push(found.problem);
      else secrets.push(found.value);
      return 'value' in found ? found.value : whole;
    },
  );
  const isWhole = names.length === 1 && /^\$\{[^}]*\}$/.test(text);
  const list = names.join(' and ');
  const shown = names.length === 0 ? undefined : isWhole ? list : `a string with ${list}`;
  return { text: resolved, shown, isWhole, secrets, files, problems };
}

type Found = { readonly file?: string | undefined } & (
  | { readonly value: string }
  | { readonly problem: string }
);

const unclosed: Found = {
  problem: 'has a reference without an end: close it, or write `$${` for a plain `${`.',
};

function lookUp(body: string, { env, folder }: ReferenceContext): Found {
  if (body.startsWith('file:')) return readReferenced(resolve(folder, body.slice('file:'.length)));
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-([\s\S]*))?$/.exec(body) ?? [];
  if (name === undefined)
    return {
      problem:
        'has a reference that is none: between the braces goes `NAME`, `NAME:-default` or `file:/path`; `$${` is a plain `${`.',
    };
  const value = env[name] || fallback;
  if (value !== undefined) return { value };
  const state = env[name] === undefined ? 'not set' : 'empty';
  return {
    problem: `refers to the variable ${name}, which is ${state}: set it, or give a default by \`\${${name}:-default}\`.`,
  };
}

function readReferenced(file: string): Found {
  try {
    // Before it is opened: reading from a pipe or a device could take for ever.
    const stats = statSync(file);
    if (!stats.isFile()) return { file, problem: `refers to ${file}, which is no file.` };
    if (stats.size > MAX_FILE_BYTES)
      return { file, problem: `refers to ${file}, which is longer than ${MAX_FILE_BYTES} bytes.` };
    // Editors and `echo` put a line end behind the last line.
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { file, problem: `refers to ${file}, which is empty.` } : { file, value };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'is not there', EACCES: 'may not be read by this user' }[code ?? ''];
    return { file, problem: `refers to ${file}, which ${why ?? `cannot be read (${code})`}.` };
  }
}

/** A reference without its default, which may be a secret, too. */
function nameOf(body: string): string {
  return `\${${body.startsWith('file:') ? body : body.replace(/:-[\s\S]*$/, '')}}`;
}
