// The gateway against what people use in its place, each alone on one core, with the load and a cheap upstream on the other:
// `npm run bench`. Rounds are interleaved, and medians count. `npm run bench -- --shape all --rounds 10 --only hello,ours`;
// `--node 24 --node /path/to/node` measures on each of them. docs/performance.md has more.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { asMarkdown, printResult } from './gateway/report.mjs';
import { runGateways } from './gateway/run.mjs';
import { shapesNamed } from './gateway/shapes.mjs';
import { machine } from './machine.mjs';
import { nodePrograms } from './node-programs.mjs';
import { endOnSignals } from './processes.mjs';

const { values } = parseArgs({
  options: {
    shape: { type: 'string', multiple: true, default: ['get-1k'] },
    only: { type: 'string', multiple: true, default: [] },
    starts: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '10' },
    ramp: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
});

endOnSignals();
const given = {
  starts: Number(values.starts),
  rounds: Number(values.rounds),
  ramp: Number(values.ramp),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
};
const nodes = nodePrograms(values.node);
const results = await runGateways({
  ...given,
  nodes,
  shapes: values.shape.flatMap(shapesNamed),
  only: values.only,
});
const about = machine(nodes);
console.log(`\nNode ${about.node.join(', ')}: medians of ${given.rounds} interleaved rounds`);
for (const result of results) printResult(result);
if (values.json) writeFileSync(values.json, JSON.stringify({ machine: about, given, results }, null, 2));
if (values.markdown) writeFileSync(values.markdown, asMarkdown(results, about, given));
process.exit(results.some(({ failures }) => Object.keys(failures).length > 0) ? 1 : 0);
