// Puts the tables of a run into docs/performance.md, between their marks: `node benchmarks/fill-docs.mjs [folder]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { RESULTS, tablesIn } from './release/tables.mjs';

const FILE = 'docs/performance.md';
const tables = tablesIn(process.argv[2] ?? RESULTS);
const missing = new Set(Object.keys(tables));
const filled = readFileSync(FILE, 'utf8').replace(
  /<!-- table: (\S+) -->\n[\s\S]*?<!-- end -->/g,
  (former, /** @type {string} */ name) => {
    missing.delete(name);
    const table = tables[name];
    if (table === undefined) console.log(`${name} was not measured: left as it is`);
    return table === undefined ? former : `<!-- table: ${name} -->\n${table}\n<!-- end -->`;
  },
);
writeFileSync(FILE, filled);
for (const name of missing) console.log(`${name} has no place in ${FILE}`);
