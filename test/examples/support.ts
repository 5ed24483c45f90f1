import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { freePort } from '../redis-server.js';

type Variables = Record<string, string>;

/** An example that runs in a process of its own, as its README.md says. */
export interface Running {
  readonly url: string;
  /** What it has told to export. */
  readonly exported: Variables;
  /** Asks it to stop, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `examples/NAME/main.js`, and waits until so many processes of it listen. */
export async function start(name: string, env: Variables = {}, listeners = 1): Promise<Running> {
  const [port, servicePort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [`examples/${name}/main.js`], {
    env: { ...process.env, GATEWAY_ADMIN_KEY: '', PORT: `${port}`, SERVICE_PORT: `${servicePort}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  cleanup(async () => {
    // Not by SIGKILL, which would leave the processes that it has started.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  });
  const exported: Variables = {};
  let listening = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('export '))
      for (const [, variable = '', value = ''] of line.matchAll(/(\w+)=(\S+)/g)) exported[variable] = value;
    if (/\blistens\b/.test(line)) listening += 1;
    if (listening === listeners) break;
  }
  expect(listening).toBe(listeners);
  child.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    exported,
    async stop() {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

/** The blocks of commands in an example's README.md: the first one starts it. */
export function commandsOf(name: string): string[] {
  const text = readFileSync(`examples/${name}/README.md`, 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block.trim());
}

/** Runs the blocks one after the other in one shell, and gives what each of them writes, whether it succeeds or not. */
export async function runAll(blocks: readonly string[], url: string, env: Variables): Promise<string[]> {
  const { host } = new URL(url);
  const mark = '----- next -----';
  const script = blocks
    .join(`\necho; echo '${mark}'\n`)
    .replace(/(localhost|127\.0\.0\.1):8080/g, host)
    .replace(/\bcurl /g, 'curl -sS ')
    .replace(/\bnpx gatewright /g, 'node dist/cli/main.js '); // the same, and sooner
  const { stdout } = await promisify(execFile)('bash', ['-c', `exec 2>&1\n${script}\ntrue`], {
    env: { ...process.env, ...env },
  });
  return stdout.split(mark);
}
