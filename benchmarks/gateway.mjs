// The gateway against what people use in its place, each alone on one core, with the load and a cheap upstream on the other:
// `npm run bench`. Rounds are interleaved, and medians count. `npm run bench -- --rounds 10 --seconds 3 --only hello,ours`.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs, promisify } from 'node:util';
import { median, OTHER_CORE, OWN_CORE, printTable, spawnOn } from './measure.mjs';
import { programOf } from './programs.mjs';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    json: { type: 'string' },
  },
});
const PATH = '/api/kgot/1k';
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** @typedef {{ name: string, pid: number, port: number, headers: Record<string, string>, end: () => void }} Contender */
/** @typedef {{ cpu: number, rate: number, p50: number, p99: number, rss: number }} Sample */

const names = [
  'node:http hello',
  'express hello',
  'http-proxy-middleware on node:http',
  'express + http-proxy-middleware',
  '@fastify/http-proxy',
  'fast-gateway',
  'assembled stack',
  'ours: proxy alone',
  'ours: + analytics',
  'ours: + breaker',
  'ours: + limits',
  'ours: everything',
  'ours: everything, undici',
  'ours: everything, JWT',
  'ours: everything, in front of Express',
  'ours: everything, mounted in Express',
  'ours: 10,000 services',
  'ours: refused (429)',
].filter((name) => given.only === undefined || given.only.split(',').some((part) => name.includes(part)));

const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-'));
const peers = new URL('peers/', import.meta.url).pathname;
if (!existsSync(join(peers, 'node_modules')))
  execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', peers], {
    stdio: 'inherit',
  });

const wrk = programOf('usr/bin/wrk', 'wrk', 'libluajit-5.1-2');
const upstream = await startUpstream();
/** @type {Contender[]} */
const contenders = [];
for (const name of names) contenders.push(await start(name));

/** @type {Record<string, Sample[]>} */
const samples = {};
for (let round = -1; round < Number(given.rounds); round += 1) {
  for (const contender of contenders) {
    const sample = await measure(contender);
    samples[contender.name] ??= [];
    if (round >= 0) samples[contender.name]?.push(sample);
  }
}

/** @param {keyof Sample} figure */
const medians = (figure) =>
  Object.fromEntries(
    Object.entries(samples).map(([name, all]) => [name, median(all.map((one) => one[figure]))]),
  );
const version = execFileSync(given.node, ['--version'], { encoding: 'utf8' }).trim();
const base = names.includes('http-proxy-middleware on node:http')
  ? 'http-proxy-middleware on node:http'
  : (names[0] ?? '');
const about = `Node ${version}: a GET of 1 KB, ${given.connections} connections, medians of ${given.rounds} interleaved rounds`;
printTable(`${about}; CPU for a request`, medians('cpu'), base);
for (const [figure, unit] of /** @type {const} */ ([
  ['rate', 'requests a second'],
  ['p50', 'ms, median'],
  ['p99', 'ms, 99th percentile'],
  ['rss', 'MB'],
])) {
  console.log(`\n${unit}`);
  for (const [name, value] of Object.entries(medians(figure))) console.log(`  ${name}: ${value.toFixed(2)}`);
}
if (given.json) writeFileSync(given.json, JSON.stringify({ version, given, samples }, null, 2));

for (const { end } of contenders) end();
upstream.end();
rmSync(folder, { recursive: true });

/** nginx, which answers from memory, on the core of the load. */
async function startUpstream() {
  const { path: program } = programOf('usr/sbin/nginx', 'nginx');
  writeFileSync(join(folder, '1k'), 'x'.repeat(1024));
  const port = 20_000 + (process.pid % 20_000);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; ${temporary} keepalive_requests 1000000000; open_file_cache max=10;
server { listen 127.0.0.1:${port}; listen 127.0.0.1:${port + 1}; root ${folder}; } }`,
  );
  const child = spawnOn(OTHER_CORE, program, ['-c', join(folder, 'nginx.conf'), '-p', folder]);
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/1k`);
      break;
    } catch {
      if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'error.log'), 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { url: `http://127.0.0.1:${port}`, end: () => child.kill() };
}

/** @param {string} name @returns {Promise<Contender>} */
async function start(name) {
  const script = join(peers, 'contenders.mjs');
  const child = spawn('taskset', ['-c', String(OWN_CORE), given.node, script, name, upstream.url], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
  const [line] = await once(lines, 'line');
  const { port, headers } = JSON.parse(line);
  return { name, pid: Number(child.pid), port, headers, end: () => child.kill() };
}

/** @param {Contender} contender @returns {Promise<Sample>} */
async function measure({ pid, port, headers }) {
  const before = cpuSeconds(pid);
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { connections, seconds } = given;
  const { stdout } = await promisify(execFile)(
    'taskset',
    [
      '-c',
      String(OTHER_CORE),
      wrk.path,
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      ...fields,
      `http://127.0.0.1:${port}${PATH}`,
    ],
    { env: wrk.env },
  );
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const cpu = cpuSeconds(pid) - before;
  return {
    cpu: (cpu / requests) * 1e6,
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50: milliseconds(/50%\s+(\S+)/.exec(stdout)?.[1]),
    p99: milliseconds(/99%\s+(\S+)/.exec(stdout)?.[1]),
    rss: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
  };
}

/** What a process has used of its core. @param {number} pid */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** @param {string | undefined} text such as `1.23ms` */
function milliseconds(text = '') {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  return text.endsWith('ms') ? value : value * 1000;
}
