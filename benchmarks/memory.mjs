// Whether a gateway's memory stays what it is: what it holds after so many requests of mixed shapes, and after ten times as
// many. `npm run bench:memory`, which takes some minutes; `-- --first 1000 --last 10000` for a look.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLiveUpstream } from './gateway/services.mjs';
import { MixedLoad } from './memory/mixed-load.mjs';
import { ask, endOnSignals, OTHER_CORE, OWN_CORE, pin, startScript } from './processes.mjs';

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '100000' },
    last: { type: 'string', default: '1000000' },
    json: { type: 'string' },
  },
});

endOnSignals();
pin(OTHER_CORE);
const script = fileURLToPath(new URL('memory/gateway.mjs', import.meta.url));
const upstreams = await startLiveUpstream();
const { child, ready } = await startScript(OWN_CORE, process.execPath, ['--expose-gc', script, ...upstreams]);
const load = new MixedLoad(ready);

/** @param {number} requests */
async function after(requests) {
  await load.upTo(requests);
  const { heapUsed, rss, external } = await ask(child, { measure: true });
  const figures = { requests, heapUsed, rss, external };
  console.log(
    `After ${requests} requests: heap ${heapUsed.toFixed(1)} MB, RSS ${rss.toFixed(1)} MB, buffers ${external.toFixed(1)} MB`,
  );
  return figures;
}

const first = await after(Number(values.first));
const last = await after(Number(values.last));
const ratios = { heapUsed: last.heapUsed / first.heapUsed, rss: last.rss / first.rss };
console.log(`Ratio: heap ${ratios.heapUsed.toFixed(3)}, RSS ${ratios.rss.toFixed(3)}`);
if (values.json)
  writeFileSync(values.json, JSON.stringify({ node: process.version, first, last, ratios }, null, 2));
process.exit(0);
