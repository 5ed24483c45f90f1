import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every page, as a path from the root of the repository. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file))
    .sort(),
];

/** One fenced block of a page. */
export interface Block {
  /** Such as `docs/audit.md:5`. */
  readonly place: string;
  readonly page: string;
  readonly language: string;
  readonly text: string;
  /** Why it is not run, where the page has `<!-- not run: … -->` in front of it. */
  readonly notRun: string | undefined;
  /** Requests to send once it has run, where the page has `<!-- try: … -->` behind it. */
  readonly tries: readonly Try[];
}

/** A request, and what must come back. */
export interface Try {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

const fenced =
  /(?:<!-- not run: (?<notRun>[^>]+) -->\n+)?^```(?<language>\w*)\n(?<text>[\s\S]*?)\n```$(?:\n+<!-- try: (?<tries>[^>]+) -->)?/gm;

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const content = readFileSync(page, 'utf8');
  return [...content.matchAll(fenced)].map(({ groups, index }) => ({
    place: `${page}:${content.slice(0, index).split('\n').length}`,
    page,
    language: groups?.['language'] ?? '',
    text: groups?.['text'] ?? '',
    notRun: groups?.['notRun'],
    tries: (groups?.['tries'] ?? '').split(', ').filter(Boolean).map(tryOf),
  }));
}

/** `GET /path with X-Name: value 200` */
function tryOf(text: string): Try {
  const { method, path, name, value, status } =
    /^(?<method>[A-Z]+) (?<path>\S+)(?: with (?<name>[\w-]+): (?<value>\S+))? (?<status>\d{3})$/.exec(text)
      ?.groups ?? {};
  if (method === undefined || path === undefined) throw new Error(`No request: ${text}`);
  return { method, path, headers: name ? { [name]: value ?? '' } : {}, status: Number(status) };
}

const importing = /^import (?:type )?(?:(\w+)|\{([^}]*)\}) from '([^']+)';$/gm;

/**
 * A block as a module: pages import a name once, where it is first used, and leave `createGateway` and the like to
 * the reader after that.
 */
export function moduleOf(block: Block, known: Iterable<string>): string {
  const before = blocksOf(block.page).filter(({ place }) => lineOf(place) < lineOf(block.place));
  const imports = new Map([...known].map((name) => [name, `import { ${name} } from 'gatewright';`]));
  imports.set('createServer', "import { createServer } from 'node:http';");
  for (const { text } of before)
    for (const [, whole, names, from] of text.matchAll(importing)) {
      if (whole) imports.set(whole, `import ${whole} from '${from}';`);
      for (const name of names?.split(',') ?? [])
        imports.set(name.trim(), `import { ${name.trim()} } from '${from}';`);
    }
  const declared = new Set(
    [...block.text.matchAll(importing)].flatMap(
      ([, whole, names]) => whole ?? names?.split(',').map((name) => name.trim()) ?? [],
    ),
  );
  const missing = [...imports].filter(
    ([name]) =>
      !declared.has(name) &&
      new RegExp(`(?<![.\\w'-])${name}(?=[(\\s;.,])`).test(block.text) &&
      !new RegExp(`(?:const|function|let) (?:\\{[^}]*\\b)?${name}\\b`).test(block.text),
  );
  return `${missing.map(([, line]) => line).join('\n')}\n${block.text}\nexport {};\n`;
}

const lineOf = (place: string): number => Number(place.split(':')[1]);
