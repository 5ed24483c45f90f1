import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { gatewayOfEverything, metricsOf, scrape } from '../analytics/everything.js';
import { keyed } from '../gateway/api-key-support.js';
import { cleanup, send } from '../helpers.js';
import { startPrometheus } from '../prometheus-server.js';
import { prometheusProgram, promtool } from '../prometheus-tools.js';
import { eventually } from '../redis-support.js';

const folder = 'examples/observability';
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');

interface Panel {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(textOf('dashboard.json')) as { readonly panels: readonly Panel[] };
const rules: readonly { readonly alert: string; readonly expr: string }[] = parse(textOf('alerts.yml'))
  .groups[0].rules;
const triggers: readonly { readonly metadata: { readonly query: string } }[] = parse(
  textOf('keda-scaledobject.yaml'),
).spec.triggers;

/** A query with what Grafana puts in. */
function filled(query: string): string {
  const values = { $__rate_interval: '5m', $__range: '1h', $job: 'gateway', $service: '.*' };
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(name, value), query);
}

const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filled(expr)));
const judged = rules.map(({ expr }) => expr);
const scaledBy = triggers.map(({ metadata }) => metadata.query);

/** The names of the gateway's series in a query. */
function seriesIn(query: string): string[] {
  return query.match(/\b(?:gateway|http_server)_[a-z_]+/g) ?? [];
}

beforeAll(async () => {
  await prometheusProgram('promtool');
}, 300_000);

test('the configuration of Prometheus is right, with a key beside it', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'gatewright-observability-'));
  cleanup(() => rm(copy, { recursive: true, force: true }));
  await cp(folder, copy, { recursive: true });
  const file = join(copy, 'prometheus.yml');
  expect(await promtool(['check', 'config', file])).toMatchObject({ code: 1 });
  await writeFile(join(copy, 'gateway-key'), 'gw_a-key');
  const { code, output } = await promtool(['check', 'config', file]);
  expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
  expect(code).toBe(0);
});

test('the key that Prometheus is to be given may scrape, from wherever it is', async () => {
  const [, body = ''] = /-d '(.*)'/.exec(textOf('prometheus.yml')) ?? [];
  const { create, url } = await keyed();
  const { api_key } = await create(JSON.parse(body));
  const elsewhere = { 'X-Forwarded-For': '192.0.2.1' };
  const scraped = (more: Record<string, string> = {}) =>
    send(url, '/metrics', { headers: { Accept: 'text/plain', ...elsewhere, ...more } });
  expect((await scraped()).status).toBe(401);
  expect((await scraped({ Authorization: `Bearer ${api_key}` })).status).toBe(200);
});

test('the rules do what they say, each of them', async () => {
  expect(await promtool(['check', 'rules', join(folder, 'alerts.yml')])).toMatchObject({ code: 0 });
  const { code, output } = await promtool(['test', 'rules', join(folder, 'alerts.test.yml')]);
  expect(output).toContain('SUCCESS');
  expect(code).toBe(0);
  const tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[] = parse(
    textOf('alerts.test.yml'),
  ).tests;
  const fired = tests.flatMap((each) => each.alert_rule_test.filter(({ exp_alerts }) => exp_alerts));
  expect(new Set(fired.map(({ alertname }) => alertname))).toEqual(new Set(rules.map(({ alert }) => alert)));
});

test('the dashboard has each panel in a place of its own', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { id, gridPos: one } of dashboard.panels) {
    expect(one.x + one.w).toBeLessThanOrEqual(24);
    const over = dashboard.panels.filter(
      ({ id: other, gridPos: two }) =>
        other > id &&
        one.x < two.x + two.w &&
        two.x < one.x + one.w &&
        one.y < two.y + two.h &&
        two.y < one.y + one.h,
    );
    expect(over).toEqual([]);
  }
});

test('asks for metrics that a gateway has, by queries that have an answer', async () => {
  const { gateway, url } = await gatewayOfEverything();
  const types = await metricsOf(gateway);
  const known = [...types].flatMap(([name, type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  expect(shown.length).toBeGreaterThan(50);
  expect(known).toEqual(expect.arrayContaining([...shown, ...judged, ...scaledBy].flatMap(seriesIn)));

  const prometheus = await startPrometheus({
    global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
    scrape_configs: [{ job_name: 'gateway', static_configs: [{ targets: [new URL(url).host] }] }],
  });
  await eventually(async () =>
    expect(await prometheus.query('count_over_time(http_server_active_requests[5m])')).toBeGreaterThan(2),
  );
  const text = await scrape(url);
  const hasSamples = (series: string): boolean => new RegExp(`^${series}[ {]`, 'm').test(text);
  const asked = [...shown, ...scaledBy].filter((query) => seriesIn(query).every(hasSamples));
  expect(asked.length).toBeGreaterThan(40);
  for (const query of asked) expect([query, await prometheus.query(query)]).not.toEqual([query, undefined]);
  // Of what is well there is nothing to tell, but it can be asked.
  for (const query of judged) await prometheus.query(query);
}, 60_000);
