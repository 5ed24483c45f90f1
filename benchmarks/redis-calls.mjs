// What Redis mode adds to a request, against one bare EVALSHA through ioredis, in one run: `npm run bench:redis-calls`. Takes
// options of `npm run bench`; and in how many of `--starts` the rounds are divided, of which each starts all anew: the same
// program costs some 5 % more or less from one start to the next, which is much of the difference that is measured here.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printResult } from './gateway/report.mjs';
import { mediansOf, runGateways } from './gateway/run.mjs';
import { shapesNamed } from './gateway/shapes.mjs';
import { endOnSignals } from './processes.mjs';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '12' },
    ramp: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    json: { type: 'string' },
  },
});
const BARE = 'ioredis: a bare EVALSHA';
const PAIRS = ['ours: everything', 'ours: everything, undici', 'ours: everything, JWT'];

endOnSignals();
const starts = Number(values.starts);
/** @type {import('./gateway/run.mjs').Result[]} */
const results = [];
for (let start = 0; start < starts; start += 1)
  results.push(
    ...(await runGateways({
      shapes: shapesNamed('get-1k'),
      only: [BARE, ...PAIRS.flatMap((name) => [name, `${name}, Redis`])],
      rounds: Math.ceil(Number(values.rounds) / starts),
      ramp: Number(values.ramp),
      seconds: Number(values.seconds),
      connections: Number(values.connections),
      nodes: [{ label: '', path: process.execPath }],
    })),
  );
const [first] = results;
if (first === undefined) throw new Error('Nothing was measured');
const samples = Object.fromEntries(
  Object.keys(first.samples).map((name) => [name, results.flatMap((each) => each.samples[name] ?? [])]),
);
const failures = Object.assign({}, ...results.map((each) => each.failures));
const result = { ...first, samples, failures, medians: mediansOf(samples) };
printResult(result);
const cpu = (/** @type {string} */ name) => result.medians[name]?.cpu ?? Number.NaN;
const ratios = Object.fromEntries(
  PAIRS.map((name) => [name, (cpu(`${name}, Redis`) - cpu(name)) / cpu(BARE)]),
);
console.log('\nRedis adds so many times a bare EVALSHA');
for (const [name, ratio] of Object.entries(ratios)) console.log(`  ${name}: ${ratio.toFixed(2)}`);
if (values.json) writeFileSync(values.json, JSON.stringify({ ratios, result }, null, 2));
process.exit(0);
