import { machineAsMarkdown } from '../machine.mjs';
import { BASE } from './contenders.mjs';

/** @typedef {import('./run.mjs').Result} Result */
/** @typedef {{ rounds: number, ramp: number, seconds: number, connections: number }} Given */

/** The rows of a result: CPU, its ratio to the base, and the other figures. @param {Result} result */
export function rowsOf({ medians }) {
  const names = Object.keys(medians);
  const base = names.find((name) => name.startsWith(BASE)) ?? names[0] ?? '';
  const one = medians[base]?.cpu ?? Number.NaN;
  return Object.entries(medians).map(([name, { cpu, rate, p50, p99, rss }]) => [
    name,
    cpu.toFixed(1),
    (cpu / one).toFixed(2),
    rate.toFixed(0),
    milliseconds(p50),
    milliseconds(p99),
    rss.toFixed(0),
  ]);
}

/** @param {number} value */
function milliseconds(value) {
  return Number.isFinite(value) ? value.toFixed(2) : ''; // JSON has made null of what is no number.
}

/** @param {Result} result */
function headOf({ operation }) {
  return [
    '',
    `µs of CPU for each ${operation}`,
    'ratio',
    `${operation}s a second`,
    'p50, ms',
    'p99, ms',
    'MB',
  ];
}

/** @param {Result} result */
export function printResult(result) {
  console.log(`\n${result.title}`);
  const rows = [headOf(result), ...rowsOf(result)];
  const widths = headOf(result).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  for (const row of rows)
    console.log(
      `  ${row.map((cell, at) => (at ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ')}`,
    );
}

/** @param {Result} result */
export function tableOf(result) {
  const head = headOf(result);
  const lines = [head, head.map((_, at) => (at ? '--:' : '---')), ...rowsOf(result)];
  const failed = Object.keys(result.failures);
  const note = failed.length > 0 ? `\n\nThese failed: ${failed.join(', ')}.` : '';
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n') + note;
}

/** @param {Given} given */
export function howMeasured({ rounds, ramp, seconds, connections }) {
  const behind = ramp > 0 ? `, each behind ${ramp} s that are not counted` : '';
  return `Medians of ${rounds} interleaved rounds of ${seconds} s${behind}; ${connections} connections.`;
}

/**
 * The tables of a run, and the machine that it ran on.
 *
 * @param {readonly Result[]} results
 * @param {Parameters<typeof machineAsMarkdown>[0]} machine
 * @param {Given} given
 */
export function asMarkdown(results, machine, given) {
  const parts = results.map((result) => `## ${result.title}\n\n${tableOf(result)}`);
  return `${machineAsMarkdown(machine)}\n\n${howMeasured(given)}\n\n${parts.join('\n\n')}\n`;
}
