import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { packedPackage } from './packed.js';
import { installedFolder } from './registry.js';

const templates = resolve('test/package/consumers');

/** What the projects have that use the package. */
const dependencies = {
  express: '^5.0.0',
  express4: 'npm:express@^4.21.0',
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/platform-express': '^12.0.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
  '@types/express': '^5.0.0',
  '@types/express4': 'npm:@types/express@^4.17.0',
  '@types/node': '^20.19.0',
  typescript: '~5.9.0',
  undici: '^7.0.0',
};

/** One folder for all consumers: the packed package and its neighbours, installed from the registry once. */
export async function consumerFolder(): Promise<string> {
  const { tarball } = await packedPackage();
  return installedFolder('consumers', { dependencies: { gatewright: `file:${tarball}`, ...dependencies } });
}

/**
 * A project of its own below the folder of consumers, whose packages it sees.
 *
 * @param files of the project: text, or objects for what is JSON
 * @param copied names of templates that it has, too
 */
export async function project(
  name: string,
  files: Record<string, string | object>,
  copied: readonly string[] = [],
): Promise<string> {
  const folder = join(await consumerFolder(), 'projects', `${name}-${process.pid}`);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  await mkdir(folder, { recursive: true });
  for (const file of copied) await cp(join(templates, file), join(folder, file));
  return folder;
}
