import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Finds a program on the PATH, or unpacks Debian's packages where that is possible. It is to be started in the environment
 * that comes along.
 *
 * @param {string} program its path in the first package
 * @param {string[]} packages it, and the libraries that it needs
 */
export function programOf(program, ...packages) {
  const command = program.slice(program.lastIndexOf('/') + 1);
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  if (status === 0) return { path: stdout.trim(), env: process.env };
  const folder = resolve('node_modules/.cache/gatewright', `bench-${command}`);
  const path = join(folder, program);
  if (!existsSync(path)) {
    if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
      throw new Error(`The benchmark needs ${command}: install it (Debian: apt-get install ${packages[0]}).`);
    mkdirSync(folder, { recursive: true });
    const script = `apt-get download -qq "$@" || { apt-get update -qq && apt-get download -qq "$@"; }
      for each in *.deb; do dpkg-deb -x "$each" .; done; rm *.deb`;
    const stdio = /** @type {const} */ (['ignore', 'ignore', 'ignore']);
    execFileSync('sh', ['-ec', script, 'sh', ...packages], { cwd: folder, stdio: [...stdio] });
  }
  const libraries = join(folder, `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  return { path, env: { ...process.env, LD_LIBRARY_PATH: libraries } };
}
