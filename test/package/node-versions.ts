import { join } from 'node:path';
import { installedFolder } from './registry.js';

/** The lines of Node that the package supports. */
export const supported = [20, 22, 24, 26] as const;

/** The line of Node that runs this test. */
export const running = Number.parseInt(process.versions.node, 10);

/** Each with the program that runs it: the running one, and others from the registry, a package for each platform. */
export async function nodeProgram(major: number): Promise<string> {
  if (major === running) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = await installedFolder(`node-${major}`, { dependencies: { [name]: `^${major}.0.0` } });
  return join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
}
