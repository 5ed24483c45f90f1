import { publicNames } from './sources.mjs';

const [[, everything], ...others] = publicNames;
const elsewhere = new Set(others.flatMap(([, names]) => names.map(({ name }) => name)));
const atOnce = new Set(everything.map(({ name }) => name));

/** Every name that can be imported, by where it is imported from. */
export function nameTable() {
  const own = everything.filter(({ name }) => !elsewhere.has(name));
  return [table('gatewright', own), ...others.map(([specifier, names]) => table(specifier, names))].join(
    '\n\n',
  );
}

function table(specifier, names) {
  const sorted = [...names].sort((one, other) => one.name.localeCompare(other.name, 'en'));
  return [
    `## ${specifier}`,
    '',
    '| name | |',
    '|---|---|',
    ...sorted.map(
      ({ name, kind, doc }) =>
        `| \`${name}\`${specifier !== 'gatewright' && atOnce.has(name) ? ' \\*' : ''} | ${kind}. ${short(doc)} |`,
    ),
  ].join('\n');
}

/** The first sentence. */
function short(doc) {
  const [first = ''] = /^.*?[.:](?=\s|$)(?<!\b[a-z]\.)/.exec(doc) ?? [doc];
  return first
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/:$/, '.')
    .replaceAll('|', '\\|');
}

/** Public names without a doc comment. */
export const undocumented = publicNames.flatMap(([specifier, names]) =>
  names.filter(({ doc }) => doc === '').map(({ name }) => `${specifier}: ${name} has no doc comment`),
);
