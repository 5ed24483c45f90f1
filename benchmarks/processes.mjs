import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where what is measured runs, and where all else does. */
export const OWN_CORE = 0;
export const OTHER_CORE = 1;

/** @param {string} program */
const has = (program) => spawnSync(program, ['--version']).status === 0;
const canPin = availableParallelism() > 1 && has('taskset');
const canDieWithParent = has('setpriv');
const ticks = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/** Keeps this process on one core, where the system has `taskset` and more than one. @param {number} core */
export function pin(core) {
  if (canPin) spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
}

/** What has been started, and still runs. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill();
});

/** Ends with whoever ends this process, so that what it has started is ended too. */
export function endOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
}

/**
 * What starts a program on a core, and ends it with this process.
 *
 * @param {number} core
 * @param {string} command
 * @param {readonly string[]} given
 */
export function wrapped(core, command, given) {
  return [
    ...(canPin ? ['taskset', '-c', String(core)] : []),
    ...(canDieWithParent ? ['setpriv', '--pdeathsig', 'KILL'] : []),
    command,
    ...given,
  ];
}

/**
 * Starts a program on a core, so that it doesn't take the time of what is measured. It ends with this process, however
 * that ends.
 *
 * @param {number} core
 * @param {string} command
 * @param {readonly string[]} given
 * @param {import('node:child_process').SpawnOptions} options
 */
export function spawnOn(core, command, given, options = { stdio: 'ignore' }) {
  const [program = command, ...rest] = wrapped(core, command, given);
  return spawnHere(program, rest, options);
}

/**
 * Starts a program that ends with this process.
 *
 * @param {string} program
 * @param {readonly string[]} given
 * @param {import('node:child_process').SpawnOptions} options
 */
export function spawnHere(program, given, options) {
  const child = spawn(program, given, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Starts a script of Node's that prints one line of JSON when it is ready, and hears messages.
 *
 * @param {number} core
 * @param {string} node the program
 * @param {readonly string[]} given
 */
export async function startScript(core, node, given) {
  const child = spawnOn(core, node, given, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${given.join(' ')} ended with ${code} before it was ready`);
  });
  failed.catch(() => undefined);
  const [line] = await Promise.race([once(lines, 'line'), failed]);
  return { child, pid: Number(child.pid), ready: JSON.parse(line) };
}

/** Longer than any answer takes that comes at all. */
const ANSWER_MS = 900_000;

/**
 * Asks a script something, and waits for its answer.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {object} question
 * @param {number} withinMs
 */
export async function ask(child, question, withinMs = ANSWER_MS) {
  const settled = new AbortController();
  const { signal } = settled;
  const gone = () => {
    throw new Error(`A process ended, or did not answer, that was asked ${JSON.stringify(question)}`);
  };
  try {
    child.send(question);
    const [said] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(gone),
      sleep(withinMs, undefined, { signal }).then(gone),
    ]);
    if (said.error !== undefined) throw new Error(said.error);
    return said;
  } finally {
    settled.abort();
  }
}

/** What a process has used of its core, in seconds. @param {number} pid */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** The memory that a process has, in MB. @param {number} pid */
export function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Tries until something succeeds.
 *
 * @template Value
 * @param {() => Promise<Value>} attempt
 * @param {string} what it is, for the message
 */
export async function eventually(attempt, what) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`${what} did not start`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
