import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs of Debian's package `prometheus`. */
type Program = 'prometheus' | 'promtool';

const folder = resolve('node_modules/.cache/gatewright-prometheus');

const remedy = (program: Program) =>
  `This test needs ${program}: install it (Debian: apt-get install prometheus), or set ${program.toUpperCase()} to its path.`;

/** Finds one of Prometheus's programs, or takes it out of Debian's package where that is possible. */
export async function prometheusProgram(program: Program): Promise<string> {
  const found = process.env[program.toUpperCase()] || onPath(program) || (await unpacked(program));
  if (!found || spawnSync(found, ['--version']).status !== 0) throw new Error(remedy(program));
  return found;
}

function onPath(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The package is not installed, only unpacked: its scripts would start a service on port 9090. The lock is there for
 * two workers that want it at once, and goes with the process that holds it.
 */
const unpack = `
  set -e
  [ -d package ] && exit 0
  rm -rf new && mkdir new && cd new
  apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }
  dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb
  cd .. && mv new package`;

async function unpacked(program: Program): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  await mkdir(folder, { recursive: true });
  try {
    await run('flock', ['lock', 'sh', '-c', unpack], { cwd: folder });
  } catch {
    return undefined;
  }
  return join(folder, 'package/usr/bin', program);
}

/** Runs promtool on a text, or on files; gives all that it says, and its exit code. */
export async function promtool(
  args: readonly string[],
  input = '',
): Promise<{ code: number; output: string }> {
  const program = await prometheusProgram('promtool');
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}
