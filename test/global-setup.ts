import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const remedy =
  'The tests need a redis-server: install one (Debian: apt-get install redis-server), or set REDIS_SERVER to its path.';

/** Finds a redis-server for the tests, or installs Debian's where that is possible. */
export default function findRedisServer(): void {
  const found = process.env['REDIS_SERVER'] || onPath('redis-server') || installed();
  if (!found || spawnSync(found, ['--version']).status !== 0) throw new Error(remedy);
  process.env['REDIS_SERVER'] = found;
}

function onPath(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function installed(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  console.error('Installing redis-server for the tests');
  // Run level 1: the package must not start a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'];
    execFileSync('apt-get', install, { env, stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return onPath('redis-server');
}
