import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { gatewayOfEverything, metricsOf } from './everything.js';

const text = readFileSync('docs/analytics.md', 'utf8');

/** The rows of the first table below a heading, as cells. */
function tableUnder(heading: string): string[][] {
  const rows = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0]?.split('\n') ?? [];
  return rows
    .filter((row) => row.startsWith('| `'))
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
}

/** What prom-client's types leave out. */
interface Registered {
  readonly name: string;
  readonly labelNames: readonly string[];
}

const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');

test('the table of metrics has each that a gateway has, with its type and labels, and no other', async () => {
  const { gateway } = await gatewayOfEverything();
  const types = await metricsOf(gateway);
  const registered = (gateway.analytics?.registry.getMetricsAsArray() ?? []) as unknown as Registered[];
  const actual = registered.map(({ name, labelNames }) => [name, types.get(name), [...labelNames].sort()]);
  const documented = tableUnder('Metrics').map(([name, type, labels]) => [
    namesIn(name)[0],
    type,
    namesIn(labels).sort(),
  ]);
  expect(documented.length).toBeGreaterThan(30);
  const byName = (one: unknown[], two: unknown[]) => (String(one[0]) < String(two[0]) ? -1 : 1);
  expect(documented.sort(byName)).toEqual(actual.sort(byName));
}, 60_000);
