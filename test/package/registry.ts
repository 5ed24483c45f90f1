import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where what tests have installed is kept for their next run. */
const kept = resolve('node_modules/.cache/gatewright');

/** Longer than any installation takes here, shorter than anybody waits for a registry that does not answer. */
const LIMIT_MS = 180_000;

/** Longer than any test runs. */
const KEPT_MS = 3 * 3_600_000;

/** What npm said. */
export interface Installed {
  readonly stderr: string;
}

/**
 * Runs `npm install` in a folder.
 *
 * @param more arguments, such as packages or `--engine-strict`
 * @throws with what npm said, and with what to do, where it fails or takes too long
 */
export async function npmInstall(folder: string, ...more: string[]): Promise<Installed> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline'];
  // What a registry does not answer must be an error, and soon.
  const patience = ['--fetch-retries=1', '--fetch-timeout=60000'];
  try {
    return await run('npm', ['install', ...quiet, ...patience, ...more], {
      cwd: folder,
      timeout: LIMIT_MS,
      env: { ...process.env, npm_config_omit: '', npm_config_engine_strict: '', NODE_OPTIONS: '' },
    });
  } catch (error) {
    const { killed, stderr = '' } = error as { killed?: boolean; stderr?: string };
    const why = killed ? `npm did not end within ${LIMIT_MS / 1000} seconds.` : stderr.slice(-2000);
    throw new Error(
      `This test installs packages from the npm registry, and could not: npm install ${more.join(' ')}\n${why}\n` +
        'Check that the registry can be reached and has these packages: npm view NAME versions',
      { cause: error },
    );
  }
}

/**
 * A folder with these packages installed, the same for all tests that ask for the same. It is made once; two workers
 * that want it at the same time make two, and one of them is kept.
 *
 * @param manifest of the folder; its dependencies are installed
 */
export async function installedFolder(name: string, manifest: object): Promise<string> {
  const text = JSON.stringify({ name, private: true, ...manifest }, undefined, 2);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const folder = join(kept, `${name}-${digest}`);
  if (existsSync(folder)) {
    await utimes(folder, new Date(), new Date());
    return folder;
  }
  const made = `${folder}.${process.pid}`;
  await mkdir(made, { recursive: true });
  await writeFile(join(made, 'package.json'), text);
  try {
    await npmInstall(made);
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  await removeOlder(kept, `${name}-`);
  return folder;
}

/** Removes what begins with a name and has not been used for a while: each change of the package makes a new one. */
export async function removeOlder(parent: string, prefix: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(prefix)) continue;
    const path = join(parent, entry);
    const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - used > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}
