import type { UsageLine } from './usage-report.js';

/** Lines as CSV (RFC 4180), the first one naming the columns. */
export function usageCsv(lines: readonly UsageLine[], groups: readonly string[]): string {
  const columns = [
    ...groups,
    'requests',
    'errors',
    'cost',
    'bytes_in',
    'bytes_out',
    'avg_response_time_ms',
  ] as (keyof UsageLine)[];
  const rows = lines.map((line) => columns.map((column) => field(line[column] ?? '')).join(','));
  return `${[columns.join(','), ...rows].join('\r\n')}\r\n`;
}

/** A spreadsheet would run what begins like a formula: an apostrophe in front has it read as text. */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
