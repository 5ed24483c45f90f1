import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { run } from '../../src/cli/index.js';
import { cleanup } from '../helpers.js';

type Env = Record<string, string | undefined>;

/** A folder of the test's own, with these files in it; removed after the test. */
export function folder(files: Record<string, string | Buffer> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'gatewright-cli-'));
  cleanup(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

/** Runs a command line in this process, in a folder with these files. */
export async function command(
  args: readonly string[],
  {
    files = {},
    env = {},
    cwd = folder(files),
  }: { files?: Record<string, string | Buffer>; env?: Env; cwd?: string } = {},
) {
  const written = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        written[name] += text;
        done();
      },
    });
  const code = await run(args, { stdout: to('stdout'), stderr: to('stderr'), env, cwd });
  return { code, cwd, ...written };
}

/** Checks a configuration, and gives what is said of it, line by line. */
export async function mistakes(yaml: string | Buffer, env: Env = {}): Promise<string[]> {
  const { code, stderr, stdout } = await command(['check'], { files: { 'gateway-config.yaml': yaml }, env });
  if (code === 0) return [];
  if (code !== 2 || stdout !== '') throw new Error(`It ended with ${code}: ${stderr}`);
  return stderr.trim().split('\n');
}

/** A line of a log. */
export type Line = Record<string, unknown> & { message: string; level: string };

/** The real command in a process of its own; killed after the test. */
export class Process {
  readonly lines: Line[] = [];
  readonly raw: string[] = [];
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], { cwd, env = {} }: { cwd: string; env?: Env }) {
    const { PATH } = process.env;
    this.#child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], {
      cwd,
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    this.#ended = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
    void this.#ended.then(() => this.#wake());
    if (!stdout || !stderr) throw new Error('It has no output');
    stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    createInterface({ input: stdout }).on('line', (line) => {
      this.raw.push(line);
      if (line.startsWith('{')) this.lines.push(JSON.parse(line));
      this.#wake();
    });
    cleanup(() => this.#child.kill('SIGKILL'));
  }

  /** What it ended with: a code, or the signal. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Reads its output no more: what it writes then fails. */
  hangUp(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Waits for a line of its log, the first that has not been waited for. */
  async line(message: string): Promise<Line> {
    for (;;) {
      const at = this.lines.findIndex((line) => line.message.startsWith(message));
      if (at >= 0) return this.lines.splice(at, 1)[0] as Line;
      if (this.#child.exitCode !== null) throw new Error(`It has ended before it said so: ${this.stderr}`);
      await new Promise<void>((wake) => this.#waiting.add(wake));
    }
  }

  /** Where it listens. */
  async url(): Promise<string> {
    const { url } = await this.line('The gateway listens');
    return String(url).replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1');
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
