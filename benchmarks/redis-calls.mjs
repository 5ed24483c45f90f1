// What Redis mode adds to a request, against one bare EVALSHA through ioredis, in one run: `npm run bench:redis-calls`. Takes
// the options of `npm run bench`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printResult } from './gateway/report.mjs';
import { runGateways } from './gateway/run.mjs';
import { shapesNamed } from './gateway/shapes.mjs';
import { endOnSignals } from './processes.mjs';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '10' },
    ramp: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    json: { type: 'string' },
  },
});
const BARE = 'ioredis: a bare EVALSHA';
const PAIRS = ['ours: everything', 'ours: everything, undici', 'ours: everything, JWT'];

endOnSignals();
const [result] = await runGateways({
  shapes: shapesNamed('get-1k'),
  only: [BARE, ...PAIRS.flatMap((name) => [name, `${name}, Redis`])],
  starts: Number(values.starts),
  rounds: Number(values.rounds),
  ramp: Number(values.ramp),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  nodes: [{ label: '', path: process.execPath }],
});
if (result === undefined) throw new Error('Nothing was measured');
printResult(result);
const cpu = (/** @type {string} */ name) => result.medians[name]?.cpu ?? Number.NaN;
const ratios = Object.fromEntries(
  PAIRS.map((name) => [name, (cpu(`${name}, Redis`) - cpu(name)) / cpu(BARE)]),
);
console.log('\nRedis adds so many times a bare EVALSHA');
for (const [name, ratio] of Object.entries(ratios)) console.log(`  ${name}: ${ratio.toFixed(2)}`);
if (values.json) writeFileSync(values.json, JSON.stringify({ ratios, result }, null, 2));
process.exit(0);
