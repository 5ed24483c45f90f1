import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Finds a program: by the variable of its name in capitals, on the PATH, or out of its Debian package where that is
 * possible.
 *
 * @param name of the package
 * @param program its path in the package, such as `usr/bin/promtool`
 * @throws with what to do where it is not to be had
 */
export async function debianProgram(name: string, program: string): Promise<string> {
  const command = program.slice(program.lastIndexOf('/') + 1);
  const variable = command.toUpperCase();
  const found = process.env[variable] || onPath(command) || (await unpacked(name, program));
  if (found && spawnSync(found, ['--version']).error === undefined) return found;
  throw new Error(
    `This test needs ${command}: install it (Debian: apt-get install ${name}), or set ${variable} to its path.`,
  );
}

function onPath(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The package is not installed, only unpacked: its scripts could start a service. The lock is there for two workers that
 * want it at once, and goes with the process that holds it.
 */
const unpack = `
  set -e
  [ -d package ] && exit 0
  rm -rf new && mkdir new && cd new
  apt-get download -qq "$1" || { apt-get update -qq && apt-get download -qq "$1"; }
  dpkg-deb -x "$1"_*.deb . && rm "$1"_*.deb
  cd .. && mv new package`;

async function unpacked(name: string, program: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const folder = resolve('node_modules/.cache/gatewright', name);
  await mkdir(folder, { recursive: true });
  try {
    await run('flock', ['lock', 'sh', '-c', unpack, 'sh', name], { cwd: folder });
  } catch {
    return undefined;
  }
  return join(folder, 'package', program);
}
