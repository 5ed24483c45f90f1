// Finding the service of a request among 6 and among 10,000, against the routers of Fastify and Express:
// `npm run bench:route-match`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { proxyRouter } from 'gatewright/proxy-router';
import { installPeers } from './gateway/peers.mjs';
import { cpuPerOperation, printTable } from './measure.mjs';
import { OWN_CORE, pin } from './processes.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'string' } },
});
const COUNTS = [6, 10_000];

installPeers();
const { routers } = await import('./peers/routers.mjs');
pin(OWN_CORE);

/** @param {number} count @returns {Record<string, (path: string) => unknown>} */
function tables(count) {
  const paths = Array.from({ length: count }, (_, at) => `/api/service-${at}`);
  const services = Object.fromEntries(
    paths.map((path, at) => [path, { name: `s${at}`, targets: ['http://127.0.0.1:1'] }]),
  );
  const router = proxyRouter({ services });
  return {
    'ours: proxyRouter().match()': (url) => router.match({ url, headers: {} }),
    ...routers(paths),
  };
}

/** @type {Record<string, () => number>} */
const contenders = {};
for (const count of COUNTS) {
  const asked = Array.from({ length: 1000 }, (_, at) => `/api/service-${(at * 7919) % count}/v1/x?q=${at}`);
  for (const [name, find] of Object.entries(tables(count))) {
    // One that looks at each path in turn has time for few.
    const operations = count > 1000 && name.startsWith('router') ? 200 : 50_000;
    contenders[`${name}, ${count} services`] = () => {
      for (let at = 0; at < operations; at += 1) {
        const path = asked[at % asked.length] ?? '';
        if (find(path) === undefined) throw new Error(`${name} did not find ${path}`);
      }
      return operations;
    };
  }
}
const figures = await cpuPerOperation(contenders, { operations: 1, rounds: Number(values.rounds) });
printTable(
  `Node ${process.version}, medians of interleaved rounds: a look-up`,
  figures,
  'ours: proxyRouter().match(), 6 services',
);
if (values.json) writeFileSync(values.json, JSON.stringify({ node: process.version, figures }, null, 2));
process.exit(0);
