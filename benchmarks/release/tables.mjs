import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { howMeasured, tableOf } from '../gateway/report.mjs';
import { machineAsMarkdown } from '../machine.mjs';
import { summaryOf } from './summary.mjs';

/** Where a run leaves what it has measured. */
export const RESULTS = 'benchmarks/results';

/** What a step wrote, if it did. @param {string} folder @returns {(step: string) => any} */
export function reader(folder) {
  return (step) => {
    const file = join(folder, `${step}.json`);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  };
}

/**
 * All tables of a run by their names, as Markdown.
 *
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function tablesIn(folder) {
  const read = reader(folder);
  /** @type {Record<string, string>} */
  const tables = {};
  const run = read('gateway');
  if (run) {
    tables['machine'] = `${machineAsMarkdown(run.machine)}\n\n${howMeasured(run.given)}`;
    for (const result of [...run.results, ...(read('shapes')?.results ?? [])])
      tables[result.shape] = tableOf(result);
  }
  for (const name of ['nodes', 'services']) {
    const more = read(name);
    if (more) tables[name] = more.results.map(tableOf).join('\n\n');
  }
  const rows = [['', 'measured', 'bound', 'holds'], ['---', '--:', '--:', '---'], ...summaryOf(read)];
  tables['must-show'] = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  for (const name of [
    'chain',
    'redis-calls',
    'route-match',
    'memory',
    'limiter',
    'authenticate',
    'analytics',
    'circuit-breaker',
    'transports',
  ]) {
    const file = join(folder, `${name}.txt`);
    if (existsSync(file)) tables[name] = `\`\`\`text\n${readFileSync(file, 'utf8').trim()}\n\`\`\``;
  }
  return tables;
}
