// What the gateway does by itself for a request of 1 KB, without a network: `npm run bench:chain`. CPU of the whole chain,
// layer by layer, with a transport that answers at once, over what the bare request and its answer cost.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createGateway } from 'gatewright';
import { BODY, drive, HeldTransport } from './in-process.mjs';
import { layers, serviceOf } from './layers.mjs';
import { cpuPerOperation } from './measure.mjs';
import { OWN_CORE, pin } from './processes.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '20000' },
    json: { type: 'string' },
  },
});
const operations = Number(values.requests);
const targets = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const BARE = 'a request and its answer alone';

/** @param {string} name */
async function through(name) {
  const transport = new HeldTransport();
  const services = serviceOf(name === 'everything' ? targets : targets.slice(0, 1));
  const gateway = createGateway({ ...layers[name], services, transport, endpoints: false });
  const key = await gateway.apiKeys?.create({ name: 'bench', tier: 'bench' });
  const headers = { ...(key && { 'X-API-Key': key.key }) };
  return () => drive(gateway.listener, operations, { transport, headers });
}

pin(OWN_CORE);
/** @type {Record<string, () => unknown>} */
const contenders = {
  [BARE]: () =>
    drive((_req, res) => {
      res.setHeader('Content-Type', 'application/octet-stream');
      res.setHeader('Content-Length', '1024');
      res.setHeader('ETag', '"1"');
      res.write(BODY);
      res.end();
    }, operations),
};
for (const name of Object.keys(layers)) contenders[name] = await through(name);

const figures = await cpuPerOperation(contenders, { operations, rounds: Number(values.rounds) });
const bare = figures[BARE] ?? 0;
const chain = (figures['everything'] ?? 0) - bare;
console.log(`Node ${process.version}, medians of interleaved rounds: µs of CPU for each request`);
let before = bare;
for (const [name, value] of Object.entries(figures)) {
  const share = name === BARE ? '' : `  +${(value - before).toFixed(2)}`.padStart(10);
  console.log(`  ${name.padEnd(BARE.length)}  ${value.toFixed(2).padStart(7)}${share}`);
  before = value;
}
console.log(`The chain alone: ${chain.toFixed(2)} µs`);
if (values.json)
  writeFileSync(values.json, JSON.stringify({ node: process.version, figures, chain }, null, 2));
process.exit(0);
