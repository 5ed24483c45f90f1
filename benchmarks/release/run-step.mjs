import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { spawnHere } from '../processes.mjs';

/**
 * Runs one benchmark, shows what it prints and keeps it.
 *
 * @param {import('./steps.mjs').Step} step
 * @param {string} node
 * @param {string} folder
 * @param {boolean} quick
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function runStep({ name, given, writesJson }, node, folder, quick) {
  const json = writesJson ? ['--json', join(folder, `${name}.json`)] : [];
  const env = { ...process.env, ...(quick && { BENCH_ROUNDS: '2' }) };
  const child = spawnHere(node, [...given, ...json], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const kept = createWriteStream(join(folder, `${name}.txt`));
  child.stdout?.pipe(kept);
  child.stdout?.on('data', (chunk) => process.stdout.write(chunk));
  const [code] = await once(child, 'close');
  return code === 0;
}
