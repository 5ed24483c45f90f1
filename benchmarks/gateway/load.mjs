import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ask, cpuSeconds, OTHER_CORE, residentMegabytes, wrapped } from '../processes.mjs';
import { programOf } from '../programs.mjs';
import { STREAMS } from './shapes.mjs';

/** @typedef {import('./contender.mjs').Contender} Contender */
/** @typedef {import('./shapes.mjs').Shape} Shape */
/** @typedef {{ cpu: number, rate: number, p50: number, p99: number, rss: number }} Sample */
/** @typedef {{ operations: number, rate: number, p50: number, p99: number }} Done */
/** @typedef {{ seconds: number, connections: number, folder: string, live: string }} Settings */

/** Longer than all connections take to open. */
const OPEN_MS = 60_000;

/** Longer than a proxy takes to see that its clients are gone. */
const LEAVING_MS = 5000;

/**
 * Loads one contender for a while: CPU in microseconds for each operation, operations a second, latencies in milliseconds,
 * and the memory that it then has, in MB.
 *
 * @param {Contender} contender
 * @param {Shape} shape
 * @param {Settings} settings
 * @param {import('node:child_process').ChildProcess} connections the load of long connections
 * @returns {Promise<Sample>}
 */
export async function measure(contender, shape, settings, connections) {
  if (contender.answers === 'calls') return sample(contender, () => calls(contender, settings));
  if (shape.load === 'wrk') return sample(contender, () => requests(contender, shape, settings));
  const count = shape.load === 'streams' ? STREAMS : settings.connections;
  const { port, headers } = contender;
  await ask(connections, { open: { kind: shape.load, port, headers, path: shape.path, count } }, OPEN_MS);
  const result = await sample(contender, () => ask(connections, { run: settings.seconds }));
  await ask(connections, { close: true });
  if (shape.load === 'streams') await endStreams(contender.name, settings.live);
  return result;
}

/** Ends the streams that a contender has left open behind clients that are gone. @param {string} name @param {string} live */
async function endStreams(name, live) {
  const say = async (/** @type {string} */ path) => (await fetch(live + path)).text();
  const deadline = Date.now() + LEAVING_MS;
  let left = await say('/open');
  while (left !== '0' && Date.now() < deadline) {
    await sleep(50);
    left = await say('/open');
  }
  if (left === '0') return;
  console.log(`${name} has left ${left} streams open whose clients were gone`);
  await say('/end');
}

/** @param {Contender} contender @param {() => Promise<Done>} load */
async function sample({ pid, name }, load) {
  const before = cpuSeconds(pid);
  const { operations, ...others } = await load();
  const cpu = ((cpuSeconds(pid) - before) / operations) * 1e6;
  if (!(operations > 0)) throw new Error(`${name} answered nothing`);
  return { ...others, cpu, rss: residentMegabytes(pid) };
}

/** What the contender does by itself. @param {Contender} contender @param {Settings} settings @returns {Promise<Done>} */
async function calls({ child }, { seconds, connections }) {
  const { operations } = await ask(child, { seconds, connections });
  return { operations, rate: operations / seconds, p50: Number.NaN, p99: Number.NaN };
}

/** @param {Contender} contender @param {Shape} shape @param {Settings} settings @returns {Promise<Done>} */
async function requests(contender, shape, { seconds, connections, folder }) {
  const wrk = programOf('usr/bin/wrk', 'wrk', 'libluajit-5.1-2');
  const script = `${folder}/load.lua`;
  writeFileSync(script, lua(contender, shape));
  const [program = '', ...given] = wrapped(OTHER_CORE, wrk.path, [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '--timeout=10s',
    '-s',
    script,
    `http://127.0.0.1:${contender.port}${shape.path}`,
  ]);
  const { stdout } = await promisify(execFile)(program, given, { env: wrk.env });
  const operations = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0) / operations;
  const expected = contender.answers === 'refusal' ? 1 : shape.refused;
  if (Math.abs(refused - expected) > 0.02 + 10 / operations || /Socket errors/.test(stdout))
    throw new Error(`${contender.name}: ${expected} of its requests are to be refused. wrk says:\n${stdout}`);
  return {
    operations,
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
  };
}

/** What wrk sends. @param {Contender} contender @param {Shape} shape */
function lua({ headers, refused }, { method, path, refused: part }) {
  const body = method === 'POST' ? '("x"):rep(1024)' : 'nil';
  const type = method === 'POST' ? { 'Content-Type': 'application/octet-stream' } : {};
  const table = (/** @type {Record<string, string>} */ fields) =>
    `{${Object.entries({ ...type, ...fields }).map(([name, value]) => `["${name}"]="${value}"`)}}`;
  return `local at, requests = 0, {}
function init()
  for number = 1, 10 do
    local headers = number > ${Math.round(part * 10)} and ${table(headers)} or ${table(refused)}
    requests[number] = wrk.format("${method}", "${path}", headers, ${body})
  end
end
function request()
  at = at % 10 + 1
  return requests[at]
end`;
}

/** @param {string | undefined} text such as `1.23ms` */
function milliseconds(text = '') {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  return text.endsWith('ms') ? value : value * 1000;
}
