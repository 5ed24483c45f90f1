import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../peers/', import.meta.url));
const manifest = join(folder, 'package.json');

/** Installs what the gateway is measured against, if that is not there, or is older than what is asked for. */
export function installPeers() {
  const marker = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs > statSync(manifest).mtimeMs) return;
  console.log('Installing the peers, which takes about a minute');
  const given = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', [...given, '--prefix', folder], { stdio: 'inherit' });
}

/** The version of each peer that is installed. @returns {Record<string, string>} */
export function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
  return Object.fromEntries(
    Object.keys(dependencies).map((name) => {
      const file = join(folder, 'node_modules', name, 'package.json');
      return [name, existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : 'not installed'];
    }),
  );
}
