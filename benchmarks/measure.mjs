/**
 * CPU of each contender per operation, in microseconds: rounds are interleaved, so that a busy moment hits all alike,
 * and the median counts. `BENCH_ROUNDS` says how many rounds there are, whatever a benchmark says.
 *
 * @param {Record<string, () => unknown>} contenders each does `operations` operations, or as many as it returns
 * @param {{ rounds?: number, operations: number }} options
 * @returns {Promise<Record<string, number>>}
 */
export async function cpuPerOperation(contenders, { rounds = 15, operations }) {
  /** @type {Record<string, number[]>} */
  const samples = {};
  const count = Number(process.env['BENCH_ROUNDS'] ?? rounds);
  for (let round = -2; round < count; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const before = process.cpuUsage();
      const done = await run();
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      samples[name] ??= [];
      samples[name].push((user + system) / (typeof done === 'number' ? done : operations));
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Prints a table with a column of ratios to one of the rows.
 *
 * @param {string} title
 * @param {Record<string, number>} results
 * @param {string} base
 */
export function printTable(title, results, base) {
  const width = Math.max(...Object.keys(results).map((name) => name.length));
  console.log(`\n${title}`);
  for (const [name, value] of Object.entries(results)) {
    const ratio = value / (results[base] ?? Number.NaN);
    console.log(
      `  ${name.padEnd(width)}  ${value.toFixed(3).padStart(9)} µs  ${ratio.toFixed(2).padStart(6)}x`,
    );
  }
}
