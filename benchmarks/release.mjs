// Every benchmark in its order, as it is to be run before a release: `npm run bench:release`, on a machine that does nothing
// else. It says how long it takes. What it measures is in benchmarks/results: JSON, what each benchmark printed, and all
// tables as Markdown; `node benchmarks/fill-docs.mjs` puts them into docs/performance.md. `-- --quick` only sees that all run.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodePrograms } from './node-programs.mjs';
import { endOnSignals } from './processes.mjs';
import { runStep } from './release/run-step.mjs';
import { stepsOf } from './release/steps.mjs';
import { summaryOf } from './release/summary.mjs';
import { RESULTS, reader, tablesIn } from './release/tables.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    folder: { type: 'string', default: RESULTS },
  },
});
const { quick, folder, only } = values;

endOnSignals();
const steps = stepsOf(quick).filter(({ name }) => only.length === 0 || only.includes(name));
const minutes = Math.ceil(steps.reduce((sum, { seconds }) => sum + seconds, 0) / 60);
console.log(`${steps.length} benchmarks, about ${minutes} minutes; results are in ${folder}`);
// What one run says of them all is to be of that run.
if (only.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const [node] = nodePrograms(['20']);
/** @type {string[]} */
const failed = [];
for (const step of steps) {
  console.log(`\n=== ${step.name}`);
  if (!(await runStep(step, String(node?.path), folder, quick))) failed.push(step.name);
}

const tables = tablesIn(folder);
const parts = Object.entries(tables).map(([name, table]) => `## ${name}\n\n${table}`);
writeFileSync(join(folder, 'release.md'), `${parts.join('\n\n')}\n`);
console.log('\n=== What must hold');
for (const [what = '', figure = '', bound = '', holds = ''] of summaryOf(reader(folder)))
  console.log(`  ${what.padEnd(66)}${figure.padStart(13)}  ${bound.padEnd(16)} ${holds}`);
if (failed.length > 0) console.log(`\nThese failed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
