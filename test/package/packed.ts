import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { removeOlder } from './registry.js';

const run = promisify(execFile);
const kept = resolve('node_modules/.cache/gatewright/packed');

/** A file of the tarball. */
export interface PackedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** The package as it would be published. */
export interface Packed {
  /** The tarball. Its name changes with its content, so whatever is installed from it is never an older one. */
  readonly tarball: string;
  /** Bytes of the tarball. */
  readonly size: number;
  /** Bytes of what is in it. */
  readonly unpackedSize: number;
  readonly files: readonly PackedFile[];
}

let packed: Promise<Packed> | undefined;

/** Packs what is built: run `npm run build` first, as `npm test` does. */
export function packedPackage(): Promise<Packed> {
  packed ??= pack();
  return packed;
}

async function pack(): Promise<Packed> {
  if (!existsSync('dist/index.js')) throw new Error('There is nothing to pack: run `npm run build` first.');
  await mkdir(kept, { recursive: true });
  const folder = await mkdtemp(join(kept, 'new-'));
  try {
    const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const { stdout } = await run('npm', args, { maxBuffer: 16_000_000 });
    const [{ filename, size, unpackedSize, files }] = JSON.parse(stdout);
    const digest = createHash('sha256')
      .update(await readFile(join(folder, filename)))
      .digest('hex');
    const tarball = join(kept, `gatewright-${digest.slice(0, 12)}.tgz`);
    await rename(join(folder, filename), tarball);
    await removeOlder(kept, 'gatewright-');
    return { tarball, size, unpackedSize, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
