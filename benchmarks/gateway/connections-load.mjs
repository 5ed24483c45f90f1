// The load of long connections: `node connections-load.mjs` hears `open`, `run` and `close`, one after the other.
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { WebSocket } from 'ws';

/** @typedef {{ port: number, path: string, headers: Record<string, string>, count: number }} Opening */
/** @typedef {{ kind: 'streams' | 'sockets' } & Opening} Open */

/** How many connections are opened at a time. */
const AT_ONCE = 50;
const MESSAGE = Buffer.alloc(64, 'x');
/** As browsers do: some proxies read an answer to its end where the client says `Connection: close`. */
const agent = new Agent({ keepAlive: true });
const now = () => performance.timeOrigin + performance.now();

let operations = 0;
/** @type {number[]} */
let latencies = [];
let isRunning = false;
/** @type {(() => void)[]} */
let closers = [];
/** @type {(() => void)[]} */
let starters = [];
/** @type {Error | undefined} */
let failure;

/** @param {Opening} opening @param {number} at */
async function openStream({ port, path, headers }, at) {
  const request = get({ host: '127.0.0.1', port, path, headers, agent });
  const [res] = await once(request, 'response');
  if (res.statusCode !== 200) throw new Error(`A stream was answered with ${res.statusCode}`);
  const close = () => request.destroy();
  closers.push(close);
  res.on('error', () => undefined);
  request.on('error', () => undefined);
  res.on('close', () => {
    if (closers.includes(close)) failure ??= new Error('A stream ended');
  });
  res.setEncoding('latin1');
  res.on('data', (/** @type {string} */ text) => {
    for (let from = text.indexOf('\n\n'); from !== -1; from = text.indexOf('\n\n', from + 2)) operations += 1;
    const sent = at % 20 === 0 ? /"at":"([\d.]+)"/.exec(text)?.[1] : undefined;
    if (sent) latencies.push(now() - Number(sent));
  });
}

/** @param {Opening} opening */
async function openSocket({ port, path, headers }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false });
  await once(socket, 'open');
  let sentAt = 0;
  const send = () => {
    sentAt = now();
    socket.send(MESSAGE);
  };
  socket.on('message', (/** @type {Buffer} */ data) => {
    if (data.length !== MESSAGE.length) failure ??= new Error('A message came back changed');
    operations += 1;
    if (operations % 20 === 0) latencies.push(now() - sentAt);
    if (isRunning) send();
  });
  const close = () => socket.terminate();
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (closers.includes(close)) failure ??= new Error('A WebSocket ended');
  });
  closers.push(close);
  starters.push(send);
}

/** @param {Open} given */
async function open(given) {
  failure = undefined;
  const one = given.kind === 'streams' ? openStream : openSocket;
  let left = given.count;
  const opener = async () => {
    while (left > 0) await one(given, left--);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
  return {};
}

/** @param {number} seconds */
async function run(seconds) {
  isRunning = true;
  for (const start of starters) start();
  operations = 0;
  latencies = [];
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const took = (performance.now() - before) / 1000;
  isRunning = false;
  if (failure) throw failure;
  latencies.sort((a, b) => a - b);
  const quantile = (/** @type {number} */ part) => latencies[Math.floor(latencies.length * part)] ?? 0;
  return { operations, rate: operations / took, p50: quantile(0.5), p99: quantile(0.99) };
}

function close() {
  const all = closers;
  closers = [];
  starters = [];
  for (const end of all) end();
  return {};
}

process.on('message', async (/** @type {{ open?: Open, run?: number }} */ told) => {
  try {
    const answer = told.open ? await open(told.open) : told.run ? await run(told.run) : close();
    process.send?.(answer);
  } catch (error) {
    close();
    process.send?.({ error: `${error}` });
  }
});
process.once('disconnect', () => process.exit());
console.log('{}');
