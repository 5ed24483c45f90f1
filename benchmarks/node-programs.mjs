import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The programs of Node that are asked for: paths, or major versions, which are installed from the registry. Where there are
 * several, each has a label that tells them apart.
 *
 * @param {readonly string[]} given
 */
export function nodePrograms(given) {
  return given.map((one) => {
    const path = /^\d+$/.test(one) ? ofMajor(one) : one;
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1);
    return { path, label: given.length > 1 ? ` (Node ${version})` : '' };
  });
}

/** @param {string} major */
function ofMajor(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = resolve('node_modules/.cache/gatewright', `bench-node-${major}`);
  const path = join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const given = ['install', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${major}`];
    execFileSync('npm', given, { stdio: 'ignore' });
  }
  return path;
}
