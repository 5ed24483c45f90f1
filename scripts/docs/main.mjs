// Writes the generated parts of the pages: `npm run docs`. With --check it changes nothing, and fails where a page is
// not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { configurationReference } from './configuration.mjs';
import { nameTable, undocumented } from './names.mjs';
import { allSections, contradictions } from './options.mjs';
import { marked, pages, tablePlaces } from './pages.mjs';
import { optionTable, problemWithDefault } from './table.mjs';

const sections = allSections();
const places = tablePlaces();
const problems = [...contradictions(), ...undocumented];

for (const [name, { options }] of sections) {
  const count = places.get(name)?.length ?? 0;
  if (count !== 1) problems.push(`${name} has ${count} tables in docs/, in place of one`);
  for (const option of options) {
    const problem = problemWithDefault(option);
    if (problem) problems.push(`${name}.${option.name}: ${problem}`);
    if (!option.doc) problems.push(`${name}.${option.name}: it has no doc comment`);
  }
}
for (const name of places.keys()) if (!sections.has(name)) problems.push(`${name} is no option type`);

const linksFrom = (page) => (name) => {
  const [place] = places.get(name) ?? [];
  if (place === undefined) return undefined;
  if (place.page === page) return `[${name}](${place.anchor})`;
  return `[${name}](${relative(dirname(page), place.page)}${place.atTop ? '' : place.anchor})`;
};

function tableOf(name, page) {
  const section = sections.get(name);
  if (section === undefined) return '';
  const own = section.options.filter((option) => section.own.has(option.name));
  const parents = section.parents.map(linksFrom(page)).filter(Boolean);
  const more = parents.length > 0 ? `\n\nAnd those of ${parents.join(' and ')}.` : '';
  return optionTable(own, linksFrom(page)) + more;
}

const contents = {
  options: tableOf,
  configuration: (_, page) => configurationReference(sections, linksFrom(page)),
  names: nameTable,
};

for (const page of pages) {
  const before = readFileSync(page, 'utf8');
  const after = before.replace(marked, (whole, kind, name) => {
    const [mark] = whole.split('\n');
    return `${mark}\n\n${contents[kind](name, page)}\n\n<!-- end -->`;
  });
  if (after === before) continue;
  if (process.argv.includes('--check'))
    problems.push(`${basename(page)} is not up to date: run \`npm run docs\``);
  else writeFileSync(page, after);
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
